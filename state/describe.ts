import type { LockInfo } from "../domain/lock-info";
import { describeSnapshot, snapshotIfValid } from "./snapshot";
import type { StateStore } from "./store";

/** `r2 bucket/key (serial 12, lineage 4f1c…, …)`: a place and the state that is there now. */
export async function describeState(store: StateStore): Promise<string> {
  const bytes = await store.read();
  if (!bytes) return `${store.address} (no state)`;
  const state = snapshotIfValid(bytes);
  return `${store.address} (${state ? describeSnapshot(state) : "damaged"})`;
}

/** `alice@laptop (OperationTypeApply) since 2026-01-31T12:00:00Z`: who holds a lock. */
export function describeHolder({ Who, Operation, Created }: LockInfo): string {
  return `${Who || "unknown"} (${Operation || "unknown"}) since ${Created}`;
}
