import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LockInfo } from "../domain/lock-info";
import { behindLink } from "../process/behind-link";
import { writeFileAtomic } from "../process/write-file-atomic";
import { LockedError, StateError } from "./errors";
import { freezeMarker, readFreezeMarker } from "./freeze-marker";
import { readFileIfExists } from "./read-file-if-exists";
import { RecordLock } from "./record-lock";
import { sha256 } from "./snapshot";
import type { StateStore, Version } from "./store";
import { parseVersionName, versionName } from "./version-name";
import { finishWriteInPlace, readInPlace, writeInPlace } from "./write-in-place";

/**
 * A state in a file, locked as OpenTofu locks it. A client that waits for the lock has the file open already, so the
 * file is never replaced by another: it is written in place, as OpenTofu does.
 */
export class LocalStore implements StateStore {
  readonly backend = "local";
  readonly address: string;
  private readonly record: RecordLock;

  constructor(private readonly path: string) {
    this.address = `local ${path}`;
    this.record = new RecordLock(path, this.address);
  }

  async read(): Promise<Uint8Array | undefined> {
    const found = readInPlace(this.path);
    if (!found) return undefined;
    const { bytes, isWhole } = found;
    if (readFreezeMarker(bytes)) return readFileIfExists(this.frozenPath);
    const isEmpty = bytes.byteLength === 0;
    if (isWhole && !isEmpty) return bytes;
    // OpenTofu empties the file before it writes: under a lock, an empty file says nothing.
    const holder = this.record.mine ? undefined : await this.holder();
    if (holder) throw new LockedError(this.address, holder, "it may be writing: try again");
    return isEmpty ? undefined : bytes;
  }

  async write(bytes: Uint8Array, lock: LockInfo): Promise<void> {
    const frozen = this.frozenBy();
    if (frozen) {
      if (frozen.ID !== lock.ID) throw new LockedError(this.address, frozen);
      await this.keepVersion();
      writeFileAtomic(this.frozenPath, bytes);
      return;
    }
    const fd = this.record.requireHeld(lock);
    await this.keepVersion();
    writeInPlace(this.path, fd, bytes);
  }

  async remove(lock: LockInfo): Promise<void> {
    await this.keepVersion();
    if (this.frozenBy()?.ID === lock.ID) return rmSync(this.frozenPath, { force: true });
    this.record.requireHeld(lock);
    this.removeFile();
  }

  async holder(): Promise<LockInfo | undefined> {
    const known = this.record.mine ?? this.frozenBy();
    return known || !existsSync(this.path) ? known : this.record.holder();
  }

  lock(lock: LockInfo): Promise<void> {
    return this.take(lock, undefined);
  }

  private async take(lock: LockInfo, instead: LockInfo | undefined): Promise<void> {
    if (this.record.mine?.ID === lock.ID) return;
    mkdirSync(dirname(this.path), { recursive: true });
    const fd = this.record.take(lock);
    try {
      finishWriteInPlace(this.path, fd);
      const frozen = this.frozenBy();
      if (frozen && frozen.ID !== lock.ID && frozen.ID !== instead?.ID)
        throw new LockedError(this.address, frozen);
    } catch (error) {
      this.record.release();
      throw error;
    }
  }

  async unlock(lock: LockInfo): Promise<void> {
    if (this.record.mine?.ID === lock.ID) this.record.release();
  }

  async breakLock(id: string): Promise<void> {
    const holder = await this.holder();
    if (holder) {
      throw new StateError(
        `${this.address} is locked by a running process (${holder.Who || "unknown"}, lock ${holder.ID})`,
        "end that process: the lock goes with it",
      );
    }
    this.record.removeNote(id);
  }

  async freeze(lock: LockInfo, instead?: LockInfo): Promise<void> {
    await this.take(lock, instead);
    const frozen = this.frozenBy();
    if (!frozen) {
      const bytes = readFileSync(this.path);
      if (bytes.byteLength > 0) writeFileAtomic(this.frozenPath, bytes);
      else rmSync(this.frozenPath, { force: true });
    }
    if (frozen?.ID !== lock.ID) writeInPlace(this.path, this.record.requireHeld(lock), freezeMarker(lock));
    await this.unlock(lock);
  }

  async unfreeze(lock: LockInfo): Promise<void> {
    if (!this.frozenBy()) return;
    await this.lock(lock);
    const bytes = readFileIfExists(this.frozenPath);
    // A client that waits for the lock has the removed file open, and still reads the freeze marker in it.
    if (bytes) writeInPlace(this.path, this.record.requireHeld(lock), bytes);
    else this.removeFile();
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
        const known = parseVersionName(this.idOf(file) ?? "");
        if (!known) return [];
        return [{ ...known, size: statSync(join(folder, file)).size, current: known.sha256 === hash }];
      })
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  async version(id: string): Promise<Uint8Array> {
    const bytes = parseVersionName(id) && readFileIfExists(this.copyPath(id));
    if (bytes) return bytes;
    throw new StateError(`${this.address} has no version ${id}`, "npm run state -- versions lists them");
  }

  async restore(id: string, lock: LockInfo): Promise<void> {
    await this.write(await this.version(id), lock);
  }

  async keepVersion(): Promise<void> {
    const bytes = await this.read();
    if (bytes) writeFileAtomic(this.copyPath(versionName(bytes)), bytes);
  }

  /** Not a symbolic link to it, as OpenTofu writes through one too: where there is no state, the next one goes there. */
  private removeFile(): void {
    rmSync(behindLink(this.path));
  }

  /** Where the state is while the freeze marker is in its place. */
  private get frozenPath(): string {
    return `${this.path}.frozen`;
  }

  private copyPath(id: string): string {
    return `${this.path}.${id}.backup`;
  }

  private idOf(file: string): string | undefined {
    const prefix = `${basename(this.path)}.`;
    return file.startsWith(prefix) && file.endsWith(".backup") ? file.slice(prefix.length, -7) : undefined;
  }

  /** The lock of a freeze marker that can be read, or whose write has begun. */
  private frozenBy(): LockInfo | undefined {
    const [now, next] = [readFileIfExists(this.path), readInPlace(this.path)?.bytes];
    return (now && readFreezeMarker(now)) ?? (next && readFreezeMarker(next));
  }
}
