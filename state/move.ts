import type { StackName } from "../config/state-location";
import { isArrival, isFrozen, isOf, type LockInfo, newFreeze, saysTheSame } from "./lock-info";
import { LockedError, StateError } from "./problem";
import { describe, goesOnFrom, sha256, snapshot } from "./snapshot";
import type { StateStore } from "./store";

/** The locks that one move stays behind with when it is cut off; kept in the journal. */
export interface MoveLocks {
  readonly from: LockInfo;
  readonly to: LockInfo;
  /** The target was frozen before: it is a copy that an earlier move left. */
  readonly adopted?: boolean;
  /** Hash of what was in the target when it was frozen; empty where there was nothing. */
  readonly before?: string;
  /** Hash of what is copied there; empty where there is nothing. */
  readonly copied?: string;
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

  /** To be kept after each step, before the next one. */
  get locks(): MoveLocks {
    return this.kept;
  }

  /**
   * Looks at the target: what was frozen before stays so where the move is taken back.
   * @throws StateError where another migration is on its way there
   */
  async prepare(): Promise<void> {
    const holder = await this.to.holder();
    if (!holder || !isFrozen(holder) || isOf(holder, this.locks.to)) return;
    if (isArrival(holder)) {
      throw new StateError(
        `${this.to.address}: another migration is on its way there, or was cut off (${holder.Who}, ${holder.Created})`,
        `finish it, or take it back, where it began; where that machine is gone: npm run state -- drop --from ${this.to.backend}`,
      );
    }
    this.keep({ adopted: true });
  }

  /** Keeps every writer out of both places. @throws LockedError where one is at work */
  async close(): Promise<void> {
    await this.from.freeze(this.locks.from);
    if (await this.isSameObject()) return;
    const holder = await this.to.holder();
    // A lock that another client has put there, or that is broken under the freeze, is none to write under.
    const isLeft = holder && isFrozen(holder) && !isArrival(holder) && !isOf(holder, this.locks.to);
    await this.to.freeze(this.locks.to, isLeft ? holder : undefined);
    // What a run before this one found counts: since then it may be our own copy.
    this.keep({ before: this.locks.before ?? (await hashOf(this.to)), copied: await hashOf(this.from) });
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

  /** After the switch: gets a lock for the source where somebody has opened it, which would be written beside the target. */
  async prepareOpen(): Promise<void> {
    const [holder, freeze] = [await this.from.holder(), newFreeze(this.to.address)];
    if (isOf(holder, this.locks.from)) return;
    // Somebody else may have made the same move.
    this.keep({ from: holder && saysTheSame(holder, freeze) ? holder : freeze });
  }

  /**
   * Opens the target; the source stays frozen, unless both are the same object.
   * @throws StateError where the source has what the target has not, or the target is closed still
   */
  async open(): Promise<void> {
    // Before it is closed: somebody may have gone back to it, and work there.
    await this.requireNothingIsLeft();
    if (!isOf(await this.from.holder(), this.locks.from)) {
      await this.from.freeze(this.locks.from);
      // Until then, it could be written.
      await this.requireNothingIsLeft();
    }
    if (await this.isSameObject()) return this.from.thaw(this.locks.from);
    const holder = await this.to.holder();
    if (holder && isOf(holder, this.locks.to)) await this.to.thaw(holder);
    const left = await this.to.holder();
    if (left && isFrozen(left)) throw new LockedError(this.to.address, left, "find out who has closed it");
  }

  /**
   * Opens the source again. A target that is not as it was stays frozen, with its note that the state is not there.
   * @param wasCopied whether the state was in the target already
   * @throws StateError where somebody writes there, or has gone on from the copy; the source stays closed
   */
  async undo(wasCopied: boolean): Promise<void> {
    try {
      if (!(await this.isSameObject())) await this.undoTarget(wasCopied);
    } catch (error) {
      // Nothing was copied before the target's content was noted.
      if (this.locks.before === undefined && !this.locks.adopted) await this.openSource();
      throw error;
    }
    await this.openSource();
  }

  /** @returns why the state cannot be found in the source, after an {@link undo}; undefined where it can */
  async missing(): Promise<string | undefined> {
    const { address } = this.from;
    const holder = await this.from.holder();
    if (holder && isFrozen(holder)) return `${address} is closed: ${holder.Info}`;
    return this.locks.copied && !(await this.from.read()) ? `${address} has no state any more` : undefined;
  }

  private async openSource(): Promise<void> {
    const holder = await this.from.holder();
    if (holder && isOf(holder, this.locks.from)) await this.from.thaw(holder);
  }

  private async undoTarget(wasCopied: boolean): Promise<void> {
    const { adopted, before, copied, to } = this.locks;
    const holder = await this.to.holder();
    const isOurs = isOf(holder, to);
    if (holder && isFrozen(holder) && !isOurs) return;
    if (!isOurs && (await this.isTakenOver())) return;
    const now = before === undefined ? "" : await hashOf(this.to);
    const isCopy = now !== "" && now === copied;
    const isChanged = before !== undefined && now !== before;
    if (wasCopied && isChanged && !isCopy) await this.refuseToFork(isOurs ? holder : undefined);
    const staysClosed = adopted || isCopy || isChanged;
    if (holder && !isOurs) {
      if (staysClosed) throw new LockedError(this.to.address, holder);
      return;
    }
    if (staysClosed) await this.to.freeze(newFreeze(this.from.address), holder);
    else if (holder) await this.to.thaw(holder);
  }

  /** Whether somebody has moved the state on from the source: then nothing will be opened beside the target. */
  private async isTakenOver(): Promise<boolean> {
    const holder = await this.from.holder();
    if (isOf(holder, this.locks.from)) return false;
    return (holder !== undefined && isFrozen(holder)) || !(await this.from.read());
  }

  /** @throws StateError where the target goes on from the copy: it is the state by now */
  private async refuseToFork(ours: LockInfo | undefined): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!target) return;
    const there = snapshot(target, this.to.address);
    const here = source && snapshot(source, this.from.address);
    if (here && !goesOnFrom(there, here)) return;
    if (ours) await this.to.thaw(ours);
    throw new StateError(
      `${reads(this.to, target)}, which somebody has written there; ${reads(this.from, source)} and stays closed`,
      `set state.backend to ${this.to.backend} by hand, then npm run state -- migrate --to ${this.to.backend}`,
    );
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
    if (there && goesOnFrom(there, here)) return;
    throw new StateError(
      `${reads(this.to, target)}, and ${reads(this.from, source)}, which would be left behind`,
      `set state.backend to ${this.from.backend} again by hand, then npm run state -- migrate --abort`,
    );
  }

  private keep(change: Partial<MoveLocks>): void {
    this.kept = { ...this.kept, ...change };
  }

  /** A Worker and an S3 client can keep one object; then the lock of one is seen by the other. */
  private async isSameObject(): Promise<boolean> {
    return isOf(await this.to.holder(), this.locks.from);
  }
}

async function hashOf(store: StateStore): Promise<string> {
  const bytes = await store.read();
  return bytes ? sha256(bytes) : "";
}

function reads({ address }: StateStore, bytes: Uint8Array | undefined): string {
  return `${address} reads ${bytes ? describe(snapshot(bytes, address)) : "no state"}`;
}
