import { LocalStore } from "../../../state/local-store";
import type { LockInfo } from "../../../state/lock-info";
import { LockedError } from "../../../state/problem";

/** A place like the Worker: a lock outlives whoever took it, and an ID locks once. It is cut off at an effect. */
export class Place extends LocalStore {
  cutOff: { readonly at: number; readonly cutOff: "before" | "after" } | undefined;
  effects = 0;
  kept: Uint8Array | undefined;
  locked: LockInfo | undefined;
  private readonly released = new Set<string>();

  override async holder() {
    return this.locked;
  }
  override async read() {
    return this.kept;
  }
  override async lock(lock: LockInfo) {
    if (this.locked?.ID === lock.ID) return;
    if (this.locked) throw new LockedError(this.address, this.locked);
    if (this.released.has(lock.ID)) throw new Error("this ID was released");
    this.effect(() => {
      this.locked = lock;
    });
  }
  override async write(bytes: Uint8Array, lock: LockInfo) {
    if (this.locked?.ID !== lock.ID) throw new Error("written without the lock");
    this.effect(() => {
      this.kept = bytes;
    });
  }
  override async unlock(lock: LockInfo) {
    if (this.locked?.ID !== lock.ID) return;
    this.effect(() => {
      this.locked = undefined;
      this.released.add(lock.ID);
    });
  }

  private effect(happens: () => void) {
    const cut = this.effects++ === this.cutOff?.at ? this.cutOff.cutOff : undefined;
    if (cut !== "before") happens();
    if (cut) throw new Error("cut off");
  }
}
