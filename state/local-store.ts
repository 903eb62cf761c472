import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { copyName, readCopyName } from "./dated-copy";
import { type LockInfo, parseLock } from "./lock-info";
import { LockedError, StateError } from "./problem";
import { sha256 } from "./snapshot";
import type { StateStore, Version } from "./store";
import { readTombstone, tombstone } from "./tombstone";
import { writeWhole } from "./write-whole";

/**
 * A state in a file, locked as OpenTofu locks it: a record lock on the file itself, with a note beside it of who
 * holds it. A client that waits for the lock has the file open already, so the file is never replaced by another:
 * it is written in place, as OpenTofu does, with the new bytes beside it until they are whole.
 */
export class LocalStore implements StateStore {
  readonly backend = "local";
  readonly address: string;
  private held: { readonly fd: number; readonly lock: LockInfo } | undefined;

  constructor(private readonly path: string) {
    this.address = `local ${path}`;
  }

  async read(): Promise<Uint8Array | undefined> {
    const bytes = readIfThere(this.path);
    if (bytes === undefined) return undefined;
    if (readTombstone(bytes)) return readIfThere(this.frozenPath);
    if (bytes.byteLength > 0) return bytes;
    // OpenTofu empties the file before it writes it.
    const holder = this.held ? undefined : await this.holder();
    if (holder) throw new LockedError(this.address, holder, "it may be in the middle of a write: try again");
    return undefined;
  }

  async write(bytes: Uint8Array, lock: LockInfo): Promise<void> {
    const frozen = this.frozenBy();
    if (frozen) {
      if (frozen.ID !== lock.ID) throw new LockedError(this.address, frozen);
      await this.keepVersion();
      writeWhole(this.frozenPath, bytes);
      return;
    }
    const fd = this.requireHeld(lock);
    await this.keepVersion();
    this.overwrite(fd, bytes);
  }

  async remove(lock: LockInfo): Promise<void> {
    await this.keepVersion();
    if (this.frozenBy()?.ID === lock.ID) return rmSync(this.frozenPath, { force: true });
    this.requireHeld(lock);
    rmSync(this.path);
  }

  async holder(): Promise<LockInfo | undefined> {
    if (this.held) return this.held.lock;
    const frozen = this.frozenBy();
    if (frozen || !existsSync(this.path)) return frozen;
    const fd = openSync(this.path, constants.O_RDWR);
    try {
      // The note may be left from a process that is gone; the lock itself never is.
      return tryLock(fd) ? undefined : this.noted();
    } finally {
      closeSync(fd);
    }
  }

  async lock(lock: LockInfo): Promise<void> {
    if (this.held?.lock.ID === lock.ID) return;
    mkdirSync(dirname(this.path), { recursive: true });
    const fd = openSync(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      if (!tryLock(fd)) throw new LockedError(this.address, this.noted(), "wait, or end that process");
      this.finishInterruptedWrite(fd);
      const frozen = this.frozenBy();
      if (frozen && frozen.ID !== lock.ID) throw new LockedError(this.address, frozen);
      writeFileSync(this.notePath, JSON.stringify({ ...lock, Path: this.path }), { mode: 0o600 });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.held = { fd, lock };
  }

  async unlock(lock: LockInfo): Promise<void> {
    if (this.held?.lock.ID !== lock.ID) return;
    rmSync(this.notePath, { force: true });
    closeSync(this.held.fd);
    this.held = undefined;
  }

  async breakLock(id: string): Promise<void> {
    const holder = await this.holder();
    if (holder) {
      throw new StateError(
        `${this.address} is locked by a running process (${holder.Who || "unknown"}, lock ${holder.ID})`,
        "end that process: the lock goes with it",
      );
    }
    const note = readIfThere(this.notePath);
    const left = note && parseLock(Buffer.from(note).toString(), this.notePath);
    if (left?.ID !== id) throw notLocked(this.address, id, left);
    rmSync(this.notePath);
  }

  async freeze(lock: LockInfo): Promise<void> {
    if (this.frozenBy()?.ID === lock.ID) return;
    await this.lock(lock);
    const fd = this.requireHeld(lock);
    const bytes = readFileSync(this.path);
    if (bytes.byteLength > 0) writeWhole(this.frozenPath, bytes);
    else rmSync(this.frozenPath, { force: true });
    this.overwrite(fd, tombstone(lock));
    await this.unlock(lock);
  }

  async thaw(lock: LockInfo): Promise<void> {
    if (!this.frozenBy()) return;
    await this.lock(lock);
    const bytes = readIfThere(this.frozenPath);
    // Whoever waits for the lock of a file that goes now still reads the tombstone in it.
    if (bytes) this.overwrite(this.requireHeld(lock), bytes);
    else rmSync(this.path);
    rmSync(this.frozenPath, { force: true });
    await this.unlock(lock);
  }

  async versions(): Promise<readonly Version[]> {
    const folder = dirname(this.path);
    const current = await this.read();
    const hash = current && sha256(current).slice(0, 12);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names
      .flatMap((file) => {
        const known = readCopyName(this.idOf(file) ?? "");
        if (!known) return [];
        return [{ ...known, size: statSync(join(folder, file)).size, current: known.sha256 === hash }];
      })
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  async version(id: string): Promise<Uint8Array> {
    const bytes = readCopyName(id) && readIfThere(this.copyPath(id));
    if (bytes) return bytes;
    throw new StateError(`${this.address} has no version ${id}`, "npm run state -- versions lists them");
  }

  async restore(id: string, lock: LockInfo): Promise<void> {
    await this.write(await this.version(id), lock);
  }

  async keepVersion(): Promise<void> {
    const bytes = await this.read();
    if (bytes) writeWhole(this.copyPath(copyName(bytes)), bytes);
  }

  /** The state while a tombstone is in its place. */
  private get frozenPath(): string {
    return `${this.path}.frozen`;
  }

  /** New bytes, until they are whole in the file. */
  private get newPath(): string {
    return `${this.path}.new`;
  }

  /** Where OpenTofu notes who holds the lock. */
  private get notePath(): string {
    return join(dirname(this.path), `.${basename(this.path).replace(/^\./, "")}.lock.info`);
  }

  private copyPath(id: string): string {
    return `${this.path}.${id}.backup`;
  }

  private idOf(file: string): string | undefined {
    const prefix = `${basename(this.path)}.`;
    return file.startsWith(prefix) && file.endsWith(".backup") ? file.slice(prefix.length, -7) : undefined;
  }

  private frozenBy(): LockInfo | undefined {
    const bytes = readIfThere(this.path);
    return bytes && readTombstone(bytes);
  }

  private noted(): LockInfo {
    const note = readIfThere(this.notePath);
    return parseLock(note ? Buffer.from(note).toString() : "", this.notePath);
  }

  private requireHeld(lock: LockInfo): number {
    if (this.held?.lock.ID === lock.ID) return this.held.fd;
    throw new StateError(`${this.address} is not locked by ${lock.ID}`, "take the lock first");
  }

  private overwrite(fd: number, bytes: Uint8Array): void {
    writeWhole(this.newPath, bytes);
    // Not emptied first: a crash must leave something that is no state, never something that reads as none.
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(fd, bytes, at, bytes.byteLength - at, at);
    ftruncateSync(fd, bytes.byteLength);
    fsyncSync(fd);
    rmSync(this.newPath);
  }

  /** A write of ours that was cut off in the file is done again; one that had not begun never was. */
  private finishInterruptedWrite(fd: number): void {
    const pending = readIfThere(this.newPath);
    if (!pending) return;
    if (isWhole(readFileSync(this.path))) rmSync(this.newPath);
    else this.overwrite(fd, pending);
  }
}

function notLocked(address: string, id: string, holder: LockInfo | undefined): StateError {
  return new StateError(
    holder ? `${address} is not locked by ${id} but by ${holder.ID}` : `${address} is not locked`,
    holder ? "name the lock that is there" : "nothing needs to be unlocked",
  );
}

function isWhole(bytes: Uint8Array): boolean {
  if (bytes.byteLength === 0) return true;
  try {
    JSON.parse(Buffer.from(bytes).toString());
    return true;
  } catch {
    return false;
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
