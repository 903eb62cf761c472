import type { StackName } from "../config/state-location";
import type { LockInfo } from "../domain/lock-info";
import { LockedError, StateError } from "./errors";
import { belongsTo, isArrival, isForSamePlace, isFrozen, newFreeze } from "./locks";
import { describeSnapshot, isSuccessorOf, sha256, snapshot } from "./snapshot";
import type { StateStore } from "./store";

/** What the journal keeps of one move, so that a later run can finish it or take it back. */
export interface MoveRecord {
  /** The locks that freeze both places. */
  readonly locks: { readonly from: LockInfo; readonly to: LockInfo };
  /** An earlier migration had left the target frozen. */
  readonly targetWasFrozen?: boolean;
  /** Hash of what was in the target when this move froze it; empty if there was nothing. */
  readonly targetSha256?: string;
  /** Hash of what is copied to the target; empty if there is nothing to copy. */
  readonly copiedSha256?: string;
}

/**
 * One state on its way from one place to another. Both places are frozen, and the lock of each says where the state is.
 * The bytes are copied as they are. Then the place that the configuration names is opened. Every step can be repeated.
 */
export class Move {
  constructor(
    readonly stack: StackName,
    readonly from: StateStore,
    readonly to: StateStore,
    private known: MoveRecord,
  ) {}

  /** What the journal must keep before the next step. */
  get record(): MoveRecord {
    return this.known;
  }

  private get locks(): MoveRecord["locks"] {
    return this.known.locks;
  }

  /**
   * Notes whether the target is frozen already. If it is, it stays frozen when the move is taken back.
   * @throws StateError if another migration moves a state there
   */
  async prepare(): Promise<void> {
    const holder = await this.to.holder();
    if (!holder || !isFrozen(holder) || belongsTo(holder, this.locks.to)) return;
    if (isArrival(holder)) {
      throw new StateError(
        `${this.to.address} is the target of another migration, which runs or was interrupted (${holder.Who}, ${holder.Created})`,
        `finish it, or take it back, on the machine where it began; if that machine is gone: npm run state -- drop --from ${this.to.backend}`,
      );
    }
    this.note({ targetWasFrozen: true });
  }

  /** Freezes both places, so that nobody can write there. @throws LockedError if somebody holds a lock */
  async close(): Promise<void> {
    await this.from.freeze(this.locks.from);
    if (await this.isSameObject()) return;
    const holder = await this.to.holder();
    // A freeze that an earlier migration left is replaced: this move can write only under a lock of its own.
    const isLeftover = holder && isFrozen(holder) && !isArrival(holder) && !belongsTo(holder, this.locks.to);
    await this.to.freeze(this.locks.to, isLeftover ? holder : undefined);
    this.note({
      // What an earlier run has noted stays: what is in the target now may be our own copy.
      targetSha256: this.known.targetSha256 ?? (await hashOf(this.to)),
      copiedSha256: await hashOf(this.from),
    });
  }

  /** @throws StateError if the target has a state that is not an older one of the same lineage */
  async check(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!target) return;
    const fix = `compare it: npm run state -- pull --at ${this.to.backend} --stack ${this.stack}`;
    const there = snapshot(target, this.to.address);
    if (!source) {
      throw new StateError(
        `${this.from.address} has no state, but ${this.to.address} has one (${describeSnapshot(there)})`,
        fix,
      );
    }
    const here = snapshot(source, this.from.address);
    if (there.sha256 === here.sha256) return;
    const both = `${this.to.address} has ${describeSnapshot(there)}; ${this.from.address} has ${describeSnapshot(here)}`;
    if (there.lineage !== here.lineage) {
      throw new StateError(`the target has the state of something else: ${both}`, fix);
    }
    if (there.serial >= here.serial) throw new StateError(`the target is not older: ${both}`, fix);
  }

  /** @returns what was copied, for people */
  async copy(): Promise<string> {
    const source = await this.from.read();
    if (!source) return "nothing to copy";
    const here = snapshot(source, this.from.address);
    if ((await hashOf(this.to)) !== here.sha256) await this.to.write(source, this.locks.to);
    await this.requireCopied();
    return describeSnapshot(here);
  }

  /** Right before the switch. @throws StateError unless this move keeps both places frozen, and they have the same */
  async requireFrozenAndEqual(): Promise<void> {
    const places = [
      [this.from, this.locks.from],
      [this.to, (await this.isSameObject()) ? this.locks.from : this.locks.to],
    ] as const;
    for (const [store, lock] of places) {
      if (belongsTo(await store.holder(), lock)) continue;
      throw new StateError(`somebody has opened ${store.address} in the meantime`, "find out who and why");
    }
    await this.requireCopied();
  }

  /** After the switch: prepares a new lock for a source that somebody has opened, so that `open` can freeze it again. */
  async prepareOpen(): Promise<void> {
    const [holder, freeze] = [await this.from.holder(), newFreeze(this.to.address)];
    if (belongsTo(holder, this.locks.from)) return;
    // Somebody else may have made the same move: then their freeze stays.
    const from = holder && isForSamePlace(holder, freeze) ? holder : freeze;
    this.note({ locks: { ...this.locks, from } });
  }

  /**
   * Opens the target. The source stays frozen, unless both are the same object.
   * @throws StateError if the source has something that the target has not, or the target stays frozen
   */
  async open(): Promise<void> {
    // Before the source is frozen: somebody may have gone back to it and work there.
    await this.requireNothingLeftBehind();
    if (!belongsTo(await this.from.holder(), this.locks.from)) {
      await this.from.freeze(this.locks.from);
      // It could be written until now.
      await this.requireNothingLeftBehind();
    }
    if (await this.isSameObject()) return this.from.unfreeze(this.locks.from);
    const holder = await this.to.holder();
    if (holder && belongsTo(holder, this.locks.to)) await this.to.unfreeze(holder);
    const left = await this.to.holder();
    if (left && isFrozen(left)) throw new LockedError(this.to.address, left, "find out who has frozen it");
  }

  /**
   * Takes the move back: opens the source again. A target whose content has changed stays frozen, and its lock says
   * where the state is.
   * @param wasCopied whether the state was in the target already
   * @throws StateError if somebody writes the target, or has written it since the copy; the source stays frozen
   */
  async undo(wasCopied: boolean): Promise<void> {
    try {
      if (!(await this.isSameObject())) await this.undoTarget(wasCopied);
    } catch (error) {
      // Nothing was copied yet: that happens after the target's content is noted.
      if (this.known.targetSha256 === undefined && !this.known.targetWasFrozen) await this.openSource();
      throw error;
    }
    await this.openSource();
  }

  /** After {@link undo}. @returns why the state cannot be used in the source; undefined if it can */
  async whyUnusable(): Promise<string | undefined> {
    const { address } = this.from;
    const holder = await this.from.holder();
    if (holder && isFrozen(holder)) return `${address} is frozen: ${holder.Info}`;
    return this.known.copiedSha256 && !(await this.from.read())
      ? `${address} has no state any more`
      : undefined;
  }

  private async openSource(): Promise<void> {
    const holder = await this.from.holder();
    if (holder && belongsTo(holder, this.locks.from)) await this.from.unfreeze(holder);
  }

  private async undoTarget(wasCopied: boolean): Promise<void> {
    const { targetWasFrozen, targetSha256, copiedSha256 } = this.known;
    const holder = await this.to.holder();
    const isOurs = belongsTo(holder, this.locks.to);
    if (holder && isFrozen(holder) && !isOurs) return;
    if (!isOurs && (await this.wasMovedOn())) return;
    const now = targetSha256 === undefined ? "" : await hashOf(this.to);
    const isCopy = now !== "" && now === copiedSha256;
    const isChanged = targetSha256 !== undefined && now !== targetSha256;
    if (wasCopied && isChanged && !isCopy) await this.refuseToFork(isOurs ? holder : undefined);
    const staysFrozen = targetWasFrozen || isCopy || isChanged;
    if (holder && !isOurs) {
      if (staysFrozen) throw new LockedError(this.to.address, holder);
      return;
    }
    if (staysFrozen) await this.to.freeze(newFreeze(this.from.address), holder);
    else if (holder) await this.to.unfreeze(holder);
  }

  /** Whether somebody else has moved the state away from the source. Then the source will not be opened. */
  private async wasMovedOn(): Promise<boolean> {
    const holder = await this.from.holder();
    if (belongsTo(holder, this.locks.from)) return false;
    return (holder !== undefined && isFrozen(holder)) || !(await this.from.read());
  }

  /** @throws StateError if somebody has written the target since the copy: to open the source would fork the state */
  private async refuseToFork(ours: LockInfo | undefined): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!target) return;
    const there = snapshot(target, this.to.address);
    const here = source && snapshot(source, this.from.address);
    if (here && !isSuccessorOf(there, here)) return;
    if (ours) await this.to.unfreeze(ours);
    throw new StateError(
      `${contentOf(this.to, target)}, which somebody has written there; ${contentOf(this.from, source)} and stays frozen`,
      `set state.backend to ${this.to.backend} by hand, then npm run state -- migrate --to ${this.to.backend}`,
    );
  }

  private async requireCopied(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (source && target && sha256(source) === sha256(target)) return;
    if (!source && !target) return;
    throw new StateError(
      `${contentOf(this.to, target)} after the copy, and ${contentOf(this.from, source)}`,
      "find out who else writes there",
    );
  }

  /** @throws StateError unless the target has the state of the source, or a newer one */
  private async requireNothingLeftBehind(): Promise<void> {
    const [source, target] = [await this.from.read(), await this.to.read()];
    if (!source || (target && sha256(source) === sha256(target))) return;
    const [here, there] = [snapshot(source, this.from.address), target && snapshot(target, this.to.address)];
    if (there && isSuccessorOf(there, here)) return;
    throw new StateError(
      `${contentOf(this.to, target)}, and ${contentOf(this.from, source)}, which would be left behind`,
      `set state.backend to ${this.from.backend} again by hand, then npm run state -- migrate --abort`,
    );
  }

  private note(change: Partial<MoveRecord>): void {
    this.known = { ...this.known, ...change };
  }

  /** Whether a Worker and an S3 client keep one object: then the lock of the source is seen in the target. */
  private async isSameObject(): Promise<boolean> {
    return belongsTo(await this.to.holder(), this.locks.from);
  }
}

async function hashOf(store: StateStore): Promise<string> {
  const bytes = await store.read();
  return bytes ? sha256(bytes) : "";
}

/** `r2 bucket/key has serial 12, …`, for an error. */
function contentOf({ address }: StateStore, bytes: Uint8Array | undefined): string {
  return `${address} has ${bytes ? describeSnapshot(snapshot(bytes, address)) : "no state"}`;
}
