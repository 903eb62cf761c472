import type { StackName } from "../config/state-places";
import { isBareFreeze, isFrozen, isOf, type LockInfo, newFreeze } from "./lock-info";
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
    readonly stack: StackName,
    readonly from: StateStore,
    readonly to: StateStore,
    private kept: MoveLocks,
  ) {}

  get locks(): MoveLocks {
    return this.kept;
  }

  /** Looks at the target; to be kept before anything is closed, so that {@link undo} leaves a frozen one frozen. */
  async prepare(): Promise<void> {
    const holder = await this.to.holder();
    if (!holder || !isFrozen(holder) || isOf(holder, this.locks.to)) return;
    this.kept = { ...this.locks, adopted: true, ...(!isBareFreeze(holder) && { to: holder }) };
  }

  /** Keeps every writer out of both places. @throws LockedError where one is at work */
  async close(): Promise<void> {
    await this.from.freeze(this.locks.from);
    if (await this.isSameObject()) return;
    const holder = await this.to.holder();
    // Nobody can write under a freeze whose lock is broken, not even who has made it.
    if (holder && isBareFreeze(holder) && this.locks.adopted) await this.to.thaw(holder);
    await this.to.freeze(this.locks.to);
    this.kept = { before: await hashOf(this.to), ...this.locks };
  }

  /** @throws StateError where the target has a state that does not come before this one */
  async check(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!target) return;
    const look = `look at it: npm run state -- pull --at ${this.to.backend} --stack ${this.stack}`;
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
    if ((await hashOf(this.to)) !== here.sha256) await this.to.write(source, this.locks.to);
    await this.requireCopied();
    return describe(here);
  }

  /** To be called right before the switch. @throws StateError unless both are closed by this move, and read the same */
  async verify(): Promise<void> {
    const places = [
      [this.from, this.locks.from],
      [this.to, (await this.isSameObject()) ? this.locks.from : this.locks.to],
    ] as const;
    for (const [store, lock] of places) {
      if (isOf(await store.holder(), lock)) continue;
      throw new StateError(`${store.address} was opened by somebody in the meantime`, "find out who and why");
    }
    await this.requireCopied();
  }

  /**
   * Opens the target; the source stays frozen, unless both are the same object.
   * @throws StateError where the source has what the target has not
   */
  async open(): Promise<void> {
    let closed = this.locks.from;
    if (!isOf(await this.from.holder(), closed)) {
      // Opened by somebody in the meantime, it would be written beside the target.
      closed = newFreeze(this.to.address);
      await this.from.freeze(closed);
    }
    if (await this.isClosedBy(closed)) return this.from.thaw(closed);
    await this.requireNothingIsLeft();
    const holder = await this.to.holder();
    if (holder && isOf(holder, this.locks.to)) await this.to.thaw(holder);
  }

  /** Opens the source again. What was written to the target stays frozen, with its note that the state is not there. */
  async undo(): Promise<void> {
    try {
      if (!(await this.isSameObject())) await this.undoTarget();
    } finally {
      const holder = await this.from.holder();
      if (holder && isOf(holder, this.locks.from)) await this.from.thaw(holder);
    }
  }

  private async undoTarget(): Promise<void> {
    const { adopted, before, to } = this.locks;
    const holder = await this.to.holder();
    if (adopted || !holder || !isOf(holder, to)) return;
    if (before === undefined || before === (await hashOf(this.to))) await this.to.thaw(holder);
  }

  private async requireCopied(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (source && target && sha256(source) === sha256(target)) return;
    if (!source && !target) return;
    throw new StateError(
      `${reads(this.to, target)} after a copy, and ${reads(this.from, source)}`,
      "find out who else writes there",
    );
  }

  /** After the switch, somebody may have gone on in the target already. */
  private async requireNothingIsLeft(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!source || (target && sha256(source) === sha256(target))) return;
    const [here, there] = [snapshot(source, this.from.address), target && snapshot(target, this.to.address)];
    if (there?.lineage === here.lineage && there.serial > here.serial) return;
    throw new StateError(
      `${reads(this.to, target)}, and ${reads(this.from, source)}, which would be left behind`,
      `set state.backend to ${this.from.backend} again by hand, then npm run state -- migrate --abort`,
    );
  }

  /** A Worker and an S3 client can keep one object; then the lock of one is seen by the other. */
  private isSameObject(): Promise<boolean> {
    return this.isClosedBy(this.locks.from);
  }

  private async isClosedBy(lock: LockInfo): Promise<boolean> {
    return isOf(await this.to.holder(), lock);
  }
}

async function hashOf(store: StateStore): Promise<string> {
  const bytes = await store.read();
  return bytes ? sha256(bytes) : "";
}

function reads({ address }: StateStore, bytes: Uint8Array | undefined): string {
  return `${address} reads ${bytes ? describe(snapshot(bytes, address)) : "no state"}`;
}
