import type { StateConfig } from "../config";
import { isFrozen } from "./lock-info";
import type { NamedStore } from "./setting";
import { describe, type Snapshot, snapshot } from "./snapshot";
import type { StateStore } from "./store";

export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

export interface VerifyProps {
  /** A lock that is older looks left behind. */
  readonly staleAfterSeconds: number;
  readonly now: Date;
}

/** Looks at one state from all sides. Nothing is changed. */
export async function verify(
  { stack, store }: NamedStore,
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
    { ok: true, text: `${stack}: ${store.address}, ${describe(state)}` },
    encryptionFinding(state, config),
    ...(await hashFinding(store, state)),
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

/** Against the version that the Worker calls current, or the last copy that our commands made. */
async function hashFinding(store: StateStore, state: Snapshot): Promise<readonly Finding[]> {
  const versions = await store.versions();
  if (store.backend === "worker") {
    const current = versions.find((each) => each.current);
    const same = current?.sha256 === state.sha256;
    return [
      {
        ok: same,
        text: same ? "the bytes of the Worker's current version" : "not the Worker's current version",
      },
    ];
  }
  const last = versions.find(({ serial }) => serial !== undefined);
  if (last?.serial === undefined || last.sha256 === undefined) return [];
  if (last.serial > state.serial) {
    const text = `older than the last copy ${last.id}: was it restored, or has a write been lost?`;
    return [{ ok: false, text }];
  }
  if (last.serial < state.serial) return [{ ok: true, text: `newer than the last copy, ${last.id}` }];
  const same = state.sha256.startsWith(last.sha256);
  return [
    {
      ok: same,
      text: same ? `the bytes of the copy ${last.id}` : `not the bytes of ${last.id}, of this serial`,
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
  const text = `locked by ${holder.Who || "unknown"} (${holder.Operation || "unknown"}) since ${holder.Created}, ${holder.ID}`;
  // An age that cannot be read is not a fresh one.
  return seconds < staleAfterSeconds
    ? [{ ok: true, text }]
    : [{ ok: false, text: `${text}; if it was left behind: npm run state -- unlock ${holder.ID}` }];
}
