import { closeSync, constants, fstatSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { type LockInfo, readLockHolder } from "../domain/lock-info";
import { LockedError, StateError } from "./errors";
import { readFileIfExists } from "./read-file-if-exists";

/** How often the lock is tried, where no note says who holds it. */
const ATTEMPTS = 50;

/** The lock of a file as OpenTofu takes it: a record lock on the file itself, with a note beside it of who holds it. */
export class RecordLock {
  private held: { readonly fd: number; readonly lock: LockInfo } | undefined;

  /** @param address of the file, for people */
  constructor(
    private readonly path: string,
    private readonly address: string,
  ) {}

  /** The lock that this object holds; undefined if it holds none. */
  get mine(): LockInfo | undefined {
    return this.held?.lock;
  }

  /** @throws LockedError if another holds it */
  take(lock: LockInfo): number {
    const fd = this.openLocked();
    this.held = { fd, lock };
    try {
      writeFileSync(this.notePath, JSON.stringify({ ...lock, Path: this.path }), { mode: 0o600 });
    } catch (error) {
      this.release();
      throw error;
    }
    return fd;
  }

  release(): void {
    if (!this.held) return;
    rmSync(this.notePath, { force: true });
    closeSync(this.held.fd);
    this.held = undefined;
  }

  /** The file, opened. @throws StateError if `lock` does not hold it */
  requireHeld(lock: LockInfo): number {
    if (this.held?.lock.ID === lock.ID) return this.held.fd;
    throw new StateError(`${this.address} is not locked by ${lock.ID}`, "take the lock first");
  }

  /** Who holds it, here or elsewhere. The file must be there. */
  holder(): LockInfo | undefined {
    if (this.held) return this.held.lock;
    // A shared lock can be tried on a file that this user may only read.
    const fd = openSync(this.path, constants.O_RDONLY);
    try {
      // The note may be left from a process that is gone; the lock itself never is.
      return tryLock(fd, { shared: true }) ? undefined : this.noted();
    } finally {
      closeSync(fd);
    }
  }

  /** Removes the note of a process that is gone. @throws StateError if it is not that of `id` */
  removeNote(id: string): void {
    const left = readFileIfExists(this.notePath) && this.noted();
    if (!left) throw new StateError(`${this.address} is not locked`, "nothing needs to be unlocked");
    if (left.ID !== id) {
      throw new StateError(
        `${this.address} is not locked by ${id} but by ${left.ID}`,
        "name the lock that is there",
      );
    }
    rmSync(this.notePath);
  }

  private openLocked(): number {
    for (let attempt = 1; ; attempt++) {
      const fd = openSync(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
      try {
        const isLocked = tryLock(fd);
        // Without a note, another process may only be asking who holds the lock, which takes a moment.
        if (!isLocked && (attempt === ATTEMPTS || readFileIfExists(this.notePath)))
          throw new LockedError(this.address, this.noted(), "wait, or end that process");
        // Somebody may have removed the file in between: then this is the lock of a file that nobody else opens.
        if (isLocked && this.isStillThere(fd)) return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      closeSync(fd);
    }
  }

  private get notePath(): string {
    return join(dirname(this.path), `.${basename(this.path).replace(/^\./, "")}.lock.info`);
  }

  private noted(): LockInfo {
    const note = readFileIfExists(this.notePath);
    return readLockHolder(note ? Buffer.from(note).toString() : "", { where: this.notePath });
  }

  private isStillThere(fd: number): boolean {
    const ours = fstatSync(fd, { bigint: true });
    const there = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return there?.ino === ours.ino && there.dev === ours.dev;
  }
}
