import type { StackName } from "../config/state-location";
import type { LockInfo } from "../domain/lock-info";
import { type Snapshot, snapshotIfValid } from "./snapshot";
import type { StackStore } from "./stack-store";

/** What `list` shows of one state. */
export interface StateSummary {
  readonly stack: StackName;
  readonly address: string;
  /** `damaged` where there are bytes that are not a state. */
  readonly state: Snapshot | "none" | "damaged";
  readonly holder?: LockInfo;
}

/** Reads a state and its lock. A damaged state is not an error here: it must not hide the others from `list`. */
export async function summarize({ stack, store }: StackStore): Promise<StateSummary> {
  const [bytes, holder] = await Promise.all([store.read(), store.holder()]);
  const state = bytes ? (snapshotIfValid(bytes) ?? "damaged") : "none";
  return { stack, address: store.address, state, holder };
}
