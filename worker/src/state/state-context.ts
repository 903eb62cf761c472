import { type StateRef, stateKey } from "../../../domain/state-objects";
import type { Ledger } from "./ledger/ledger";
import type { Mutex } from "./mutex";

/** What every part of one state's Durable Object works on. */
export interface StateContext {
  readonly ref: StateRef;
  /** Key of the current object, from which the keys of its lock and versions follow. */
  readonly key: string;
  readonly bucket: R2Bucket;
  readonly ledger: Ledger;
  /** For what awaits R2 between a check and a change. */
  readonly mutex: Mutex;
}

export function stateContext(props: Omit<StateContext, "key">): StateContext {
  return { ...props, key: stateKey(props.ref) };
}
