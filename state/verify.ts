import type { StateConfig } from "../config";
import { describeHolder } from "./describe";
import { isFrozen } from "./locks";
import { describeSnapshot, type Snapshot, snapshot } from "./snapshot";
import type { StackStore } from "./stack-store";
import type { StateStore } from "./store";

export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

export interface VerifyProps {
  /** Age from which a lock is reported as left behind. */
  readonly staleAfterSeconds: number;
  readonly now: Date;
}

/** Checks all that can be checked of one state without a key. Nothing is changed. */
export async function verify(
  { stack, store }: StackStore,
  config: StateConfig,
  { staleAfterSeconds, now }: VerifyProps,
): Promise<readonly Finding[]> {
  const bytes = await store.read();
  const lock = await lockFinding(store, staleAfterSeconds, now);
  if (!bytes) return [{ ok: true, text: `${stack}: no state in ${store.address}` }, ...lock];
  let state: Snapshot;
  try {
    state = snapshot(bytes, store.address);
  } catch (error) {
    return [{ ok: false, text: error instanceof Error ? error.message : String(error) }, ...lock];
  }
  return [
    { ok: true, text: `${stack}: ${store.address}, ${describeSnapshot(state)}` },
    encryptionFinding(state, config),
    ...(await versionFinding(store, state)),
    ...lock,
  ];
}

function encryptionFinding({ encrypted }: Snapshot, { encryption }: StateConfig): Finding {
  if (encryption.provider === "off") {
    return encrypted
      ? { ok: false, text: "it is encrypted, but state.encryption is off: the next plan cannot read it" }
      : { ok: true, text: `plain text, as configured (${encryption.reason})` };
  }
  if (encrypted) return { ok: true, text: "encrypted, as configured" };
  return encryption.migrateFromPlaintext
    ? { ok: true, text: "plain text until the next apply (state.encryption.migrate)" }
    : { ok: false, text: "it is in plain text, but state.encryption is on: the next plan refuses it" };
}

/** Compares the state with the Worker's current version, or with the last version that these commands have kept. */
async function versionFinding(store: StateStore, state: Snapshot): Promise<readonly Finding[]> {
  const versions = await store.versions();
  if (store.backend === "worker") {
    const current = versions.find((each) => each.current);
    const same = current?.sha256 === state.sha256;
    return [
      {
        ok: same,
        text: same
          ? "same bytes as the Worker's current version"
          : "other bytes than the Worker's current version",
      },
    ];
  }
  const last = versions.find(({ serial }) => serial !== undefined);
  if (last?.serial === undefined || last.sha256 === undefined) return [];
  if (last.serial > state.serial) {
    const text = `older than the last version, ${last.id}: was it restored, or has a write been lost?`;
    return [{ ok: false, text }];
  }
  if (last.serial < state.serial) return [{ ok: true, text: `newer than the last version, ${last.id}` }];
  const same = state.sha256.startsWith(last.sha256);
  return [
    {
      ok: same,
      text: same
        ? `same bytes as version ${last.id}`
        : `other bytes than version ${last.id}, which has the same serial`,
    },
  ];
}

async function lockFinding(
  store: StateStore,
  staleAfterSeconds: number,
  now: Date,
): Promise<readonly Finding[]> {
  const holder = await store.holder();
  if (!holder) return [{ ok: true, text: "not locked" }];
  if (isFrozen(holder))
    return [{ ok: false, text: `frozen by ${holder.Who} since ${holder.Created}: ${holder.Info}` }];
  const seconds = (now.getTime() - Date.parse(holder.Created)) / 1000;
  const text = `locked by ${describeHolder(holder)}, lock ${holder.ID}`;
  // An age that cannot be read counts as too old.
  return seconds < staleAfterSeconds
    ? [{ ok: true, text }]
    : [{ ok: false, text: `${text}; if it was left behind: npm run state -- unlock ${holder.ID}` }];
}
