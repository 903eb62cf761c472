import { isFrozen, type LockInfo } from "./lock-info";
import { StateError } from "./problem";
import { describe, sha256, snapshot } from "./snapshot";
import type { StateStore } from "./store";

/** The locks that one move stays behind with when it is cut off; kept in the journal. */
export interface MoveLocks {
  readonly from: LockInfo;
  readonly to: LockInfo;
  /** The target was frozen before: it is a copy that an earlier move left. */
  readonly adopted?: boolean;
  /** Of the bytes in the target when it was frozen; empty where there were none. */
  readonly before?: string;
}

/**
 * One state on its way from one place to another. Both are frozen, each with a note of where the state is; the bytes
 * are copied as they are; then the one that the configuration names is opened. Each step can be done again.
 */
export class Move {
  constructor(
    readonly name: string,
    readonly from: StateStore,
    readonly to: StateStore,
    private kept: MoveLocks,
  ) {}

  get locks(): MoveLocks {
    return this.kept;
  }

  /** Keeps every writer out of both places. @throws LockedError where one is at work */
  async close(): Promise<void> {
    await this.from.freeze(this.locks.from);
    if (await this.isSameObject()) return;
    const holder = await this.to.holder();
    if (holder && isFrozen(holder) && holder.ID !== this.locks.to.ID) {
      this.kept = { ...this.locks, to: holder, adopted: true };
    }
    await this.to.freeze(this.locks.to);
    this.kept = { before: await this.hashOfTarget(), ...this.locks };
  }

  /** @throws StateError where the target has a state that does not come before this one */
  async check(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!target) return;
    const look = `look at it: npm run state -- pull --at ${this.to.backend} --stack ${this.name}`;
    const there = snapshot(target, this.to.address);
    if (!source) {
      throw new StateError(
        `${this.from.address} has no state, but ${this.to.address} has (${describe(there)})`,
        look,
      );
    }
    const here = snapshot(source, this.from.address);
    if (there.sha256 === here.sha256) return;
    const says = `${this.to.address} has ${describe(there)}; ${this.from.address} has ${describe(here)}`;
    if (there.lineage !== here.lineage) throw new StateError(`the target is another state: ${says}`, look);
    if (there.serial >= here.serial) throw new StateError(`the target is not older: ${says}`, look);
  }

  /** @returns what was copied, for people */
  async copy(): Promise<string> {
    const source = await this.from.read();
    if (!source) return "nothing to copy";
    const here = snapshot(source, this.from.address);
    const before = await this.to.read();
    if (!before || sha256(before) !== here.sha256) await this.to.write(source, this.locks.to);
    for (const store of [this.to, this.from]) {
      const found = await store.read();
      if (found && sha256(found) === here.sha256) continue;
      const reads = found ? describe(snapshot(found, store.address)) : "no state";
      throw new StateError(`${store.address} reads ${reads} after a copy of ${describe(here)}`, "try again");
    }
    return describe(here);
  }

  /** Opens the target; the source stays frozen, unless both are the same object. */
  async open(): Promise<void> {
    if (await this.isSameObject()) return this.from.thaw(this.locks.from);
    if ((await this.to.holder())?.ID === this.locks.to.ID) await this.to.thaw(this.locks.to);
  }

  /** Opens the source again. What was written to the target stays frozen, with its note that the state is not there. */
  async undo(): Promise<void> {
    try {
      if (!(await this.isSameObject())) await this.undoTarget();
    } finally {
      if ((await this.from.holder())?.ID === this.locks.from.ID) await this.from.thaw(this.locks.from);
    }
  }

  private async undoTarget(): Promise<void> {
    const { adopted, before, to } = this.locks;
    if (adopted || (await this.to.holder())?.ID !== to.ID) return;
    if (before === undefined || before === (await this.hashOfTarget())) await this.to.thaw(to);
  }

  private async hashOfTarget(): Promise<string> {
    const bytes = await this.to.read();
    return bytes ? sha256(bytes) : "";
  }

  /** A Worker and an S3 client can keep one object; then the lock of one is seen by the other. */
  private async isSameObject(): Promise<boolean> {
    return (await this.to.holder())?.ID === this.locks.from.ID;
  }
}
