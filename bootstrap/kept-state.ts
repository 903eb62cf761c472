import { setTimeout as sleep } from "node:timers/promises";
import { openStore, type StoreEnvironment } from "../state/open-store";
import type { StateStore } from "../state/store";
import { type BackendVariables, type BootstrapOutputs, backendVariables } from "./credentials";
import type { BootstrapSetting } from "./setting";

/** A store that can be read, with the variables that opened it. */
export interface OpenedStore {
  readonly store: StateStore;
  /** What it held when it was opened. */
  readonly state: Uint8Array | undefined;
  readonly variables: BackendVariables;
}

/** A new key pair is not known everywhere at once. */
const NEW_CREDENTIALS_MS = 60_000;
/** Until then, what is right from now on may be refused, and what was right before accepted. */
const FIRST_ALONE_MS = 15_000;

export interface OpenKeptProps {
  readonly setting: BootstrapSetting;
  readonly outputs?: BootstrapOutputs;
  /** Whether credentials that are refused may be too new. */
  readonly patient: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Opens the place where the state is kept, with the first credentials that it takes.
 * @throws what the last of them came to; where there are none, what to export
 */
export async function openKept(props: OpenKeptProps): Promise<OpenedStore> {
  const { setting, outputs, patient, signal, say } = props;
  const { place, env } = setting;
  if (!place) throw new Error("a local state is not kept elsewhere");
  const candidates = backendVariables(place, env, outputs);
  if (candidates.length === 0) throw new Error(wantedVariables(setting));
  const start = Date.now();
  const end = start + (patient ? NEW_CREDENTIALS_MS : 0);
  for (;;) {
    let refused: unknown;
    const isEarly = patient && Date.now() < start + FIRST_ALONE_MS;
    for (const variables of isEarly ? candidates.slice(0, 1) : candidates) {
      const environment: StoreEnvironment = { ...env, ...variables };
      const store = openStore(place, environment);
      try {
        return { store, state: await store.read(), variables };
      } catch (error) {
        refused = error;
      }
    }
    if (Date.now() >= end) throw refused;
    say(`not yet: ${refused instanceof Error ? refused.message : refused}`);
    await sleep(2_000, undefined, { signal });
  }
}

function wantedVariables({ state }: BootstrapSetting): string {
  const names =
    state.backend === "r2"
      ? "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
      : "TF_HTTP_USERNAME and TF_HTTP_PASSWORD";
  return (
    `the state of the bootstrap stack is kept in ${state.backend}, and ${names} are not set; export them: ` +
    "npm run bootstrap -- env prints them where it ran before"
  );
}
