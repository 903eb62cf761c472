import { setTimeout as wait } from "node:timers/promises";
import { type LockHolder, type LockInfo, readLockHolder } from "../domain/lock-info";
import { brokenRules } from "../domain/state-guard";
import { historyFolder, lockKey, versionKey, versionOfKey, writtenByWorker } from "../domain/state-objects";
import { LockedError, StateError } from "./errors";
import type { R2Client, StoredObject } from "./r2-client";
import { sha256, snapshotIfValid } from "./snapshot";
import type { StateStore, Version } from "./store";
import { parseVersionName, versionName } from "./version-name";

const ATTEMPTS = 3;

interface LockFile {
  readonly holder: LockHolder;
  readonly etag: string;
  /** Whether the tfstate Worker that serves the same object has put it there. */
  readonly isOfWorker: boolean;
}

/**
 * A state in R2 as OpenTofu's S3 backend keeps it: an object, locked by `<key>.tflock`. A lock file outlives its
 * process, so a freeze is one that stays.
 */
export class R2Store implements StateStore {
  readonly backend = "r2";
  readonly address: string;
  readonly objectKey: string;

  constructor(
    private readonly client: R2Client,
    private readonly bucket: string,
    private readonly key: string,
  ) {
    this.objectKey = key;
    this.address = `r2 ${bucket}/${key}`;
  }

  async read(): Promise<Uint8Array | undefined> {
    return (await this.client.get(this.key))?.bytes;
  }

  async write(bytes: Uint8Array, lock: LockInfo): Promise<void> {
    const current = await this.requireWriter(lock);
    this.requireServable(current, bytes);
    await this.keep(current);
    const condition = current ? { etag: current.etag } : "absent";
    if (await this.client.put(this.key, bytes, condition)) return;
    // The first answer may have been lost: then the client has sent the put again, and found its own object.
    if (sha256((await this.read()) ?? new Uint8Array()) === sha256(bytes)) return;
    throw new StateError(
      `${this.address} was written by someone who holds no lock, just now`,
      "nothing was overwritten; look at it and try again",
    );
  }

  async remove(lock: LockInfo): Promise<void> {
    const current = await this.requireWriter(lock);
    await this.keep(current);
    if (current) await this.client.delete(this.key);
  }

  async holder(): Promise<LockHolder | undefined> {
    return (await this.lockFile())?.holder;
  }

  async lock(lock: LockInfo): Promise<void> {
    // A put that is refused may have succeeded before, with its answer lost. So the lock file says who holds the lock.
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.client.put(this.lockKey, this.lockText(lock), "absent")) return;
      const holder = await this.holder();
      if (holder?.ID === lock.ID) return;
      if (holder) throw new LockedError(this.address, holder);
    }
    throw new StateError(`${this.address}: others keep taking and releasing the lock`, "try again");
  }

  async unlock(lock: LockInfo): Promise<void> {
    const found = await this.lockFile();
    if (!found) return;
    if (found.holder.ID !== lock.ID) throw new LockedError(this.address, found.holder);
    await this.deleteLock(found);
  }

  async breakLock(id: string): Promise<void> {
    const found = await this.lockFile();
    if (!found) throw new StateError(`${this.address} is not locked`, "nothing needs to be unlocked");
    if (found.holder.ID !== id)
      throw new LockedError(this.address, found.holder, "name the lock that is there");
    await this.deleteLock(found);
  }

  async freeze(lock: LockInfo, instead?: LockInfo): Promise<void> {
    const found = instead && (await this.lockFile());
    if (!found || found.holder.ID !== instead.ID) return this.lock(lock);
    this.requireNotOfWorker(found);
    if (await this.client.put(this.lockKey, this.lockText(lock), { etag: found.etag })) return;
    // The same here, or somebody was faster.
    await this.lock(lock);
  }

  unfreeze(lock: LockInfo): Promise<void> {
    return this.unlock(lock);
  }

  /** Copies of ours, and the versions of a tfstate Worker that serves this object: both are under one prefix. */
  async versions(): Promise<readonly Version[]> {
    const [objects, current] = await Promise.all([
      this.client.list(historyFolder(this.key)),
      this.client.get(this.key),
    ]);
    return objects
      .map(({ key, etag, size, modifiedAt }) => {
        const id = versionOfKey(this.key, key);
        const known = parseVersionName(id) ?? { id, createdAt: modifiedAt, createdBy: "tfstate Worker" };
        return { ...known, size, current: etag !== "" && etag === current?.etag };
      })
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  async version(id: string): Promise<Uint8Array> {
    const object = /^[\w.-]+$/.test(id) ? await this.client.get(this.copyKey(id)) : undefined;
    if (object) return object.bytes;
    throw new StateError(`${this.address} has no version ${id}`, "npm run state -- versions lists them");
  }

  async restore(id: string, lock: LockInfo): Promise<void> {
    await this.write(await this.version(id), lock);
  }

  async keepVersion(): Promise<void> {
    await this.keep(await this.client.get(this.key));
  }

  private async keep(object: StoredObject | undefined): Promise<void> {
    if (object) await this.client.put(this.copyKey(versionName(object.bytes)), object.bytes, "absent");
  }

  /** A delete whose answer was lost may have happened, and the lock that is there now may be the next one's. */
  private async deleteLock(found: LockFile): Promise<void> {
    this.requireNotOfWorker(found);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.client.delete(this.lockKey);
      } catch (error) {
        if ((await this.holder())?.ID !== found.holder.ID) return;
        if (attempt === ATTEMPTS) throw error;
        await wait(500 * attempt);
      }
    }
  }

  /** A Worker that finds what does not follow, written by an S3 client, serves nothing until a person decides. */
  private requireServable(current: StoredObject | undefined, bytes: Uint8Array): void {
    if (!current?.workerVersion || sha256(current.bytes) === sha256(bytes)) return;
    const [here, next] = [snapshotIfValid(current.bytes), snapshotIfValid(bytes)];
    if (here && next && brokenRules(here, next, here.encrypted).length === 0) return;
    throw new StateError(
      `${this.address} is served by a tfstate Worker, and would not serve this: it is not a newer serial of the state there, or it is in plain text`,
      "write it through the Worker: npm run state -- restore --at worker, or STATE_BACKEND=worker npm run state -- push",
    );
  }

  private async requireWriter(lock: LockInfo): Promise<StoredObject | undefined> {
    const holder = await this.holder();
    if (holder?.ID === lock.ID) return this.client.get(this.key);
    if (holder) throw new LockedError(this.address, holder);
    throw new StateError(
      `${this.address}: somebody broke lock ${lock.ID}`,
      "find out who and why, then try again",
    );
  }

  /** The Worker would still hold the lock, and put the file back. */
  private requireNotOfWorker({ holder, isOfWorker }: LockFile): void {
    if (!isOfWorker) return;
    throw new StateError(
      `${this.address} is locked by the tfstate Worker that serves it (lock ${holder.ID})`,
      `remove the lock at the Worker: npm run state -- unlock ${holder.ID} --at worker, or STATE_BACKEND=worker npm run state -- unfreeze`,
    );
  }

  private lockText(lock: LockInfo): Uint8Array {
    return Buffer.from(JSON.stringify({ ...lock, Path: `${this.bucket}/${this.key}` }));
  }

  private async lockFile(): Promise<LockFile | undefined> {
    const object = await this.client.get(this.lockKey);
    if (!object) return undefined;
    const holder = readLockHolder(Buffer.from(object.bytes).toString(), { where: this.lockKey });
    return { holder, etag: object.etag, isOfWorker: object.writtenBy === writtenByWorker };
  }

  private get lockKey(): string {
    return lockKey(this.key);
  }

  private copyKey(id: string): string {
    return versionKey(this.key, id);
  }
}
