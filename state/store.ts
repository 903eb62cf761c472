import type { StateBackend } from "../config";
import type { LockHolder, LockInfo } from "../domain/lock-info";
import { stateRules } from "../domain/state-guard";

/** Why a write is refused although the caller holds the lock; each can be allowed by name. */
export const guards = [...stateRules, "empty"] as const;
export type Guard = (typeof guards)[number];

/** An older state, as a backend lists it. */
export interface Version {
  readonly id: string;
  /** RFC 3339 */
  readonly createdAt: string;
  /** undefined if the listing does not tell */
  readonly serial?: number;
  /** undefined if the listing does not tell; may be the first digits alone */
  readonly sha256?: string;
  /** In bytes. */
  readonly size: number;
  /** undefined if one of these commands kept it */
  readonly createdBy?: string;
  /** Whether it is the current state. */
  readonly current: boolean;
}

/**
 * One state in its backend. Bytes go in and out as they are: nothing is decrypted, nothing is patched. A method that
 * cannot find out throws; it never answers "no state" instead.
 */
export interface StateStore {
  readonly backend: StateBackend;
  /** `r2 bucket/key`, `worker https://…` or `local path`, for people. */
  readonly address: string;
  /** Key of the object in R2. A Worker and an S3 client with the same key keep the same object. */
  readonly objectKey?: string;

  /** The state; undefined if there is none. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Replaces the state, which is kept as a version first.
   * @param lock the caller holds it
   * @param allow guards that the user has lifted; only the Worker has guards of its own
   */
  write(bytes: Uint8Array, lock: LockInfo, allow?: readonly Guard[]): Promise<void>;
  /** Removes the state, which is kept as a version first. @param lock the caller holds it */
  remove(lock: LockInfo): Promise<void>;

  /** Who keeps others out. */
  holder(): Promise<LockHolder | undefined>;
  /**
   * Takes the lock that OpenTofu takes. Nothing changes if `lock` holds it already.
   * @throws LockedError with the holder
   */
  lock(lock: LockInfo): Promise<void>;
  /** Releases the lock. Nothing changes if it is released already. */
  unlock(lock: LockInfo): Promise<void>;
  /** Removes somebody else's lock. @throws StateError if `id` does not hold it */
  breakLock(id: string): Promise<void>;

  /**
   * Keeps out everyone who does not have `lock`, also after the end of this process, until {@link unfreeze}.
   * @param instead the freeze that this one replaces; nobody can get in between
   * @throws LockedError with the holder
   */
  freeze(lock: LockInfo, instead?: LockInfo): Promise<void>;
  /** Ends a freeze. Nothing changes if it has ended already. */
  unfreeze(lock: LockInfo): Promise<void>;

  /** Newest first. */
  versions(): Promise<readonly Version[]>;
  /** The bytes of a version. @throws StateError if there is none with that id */
  version(id: string): Promise<Uint8Array>;
  /** Makes an older version the state again, byte for byte. @param lock the caller holds it */
  restore(id: string, lock: LockInfo): Promise<void>;
  /** Keeps the state as a version, where the backend does not do so at each write. */
  keepVersion(): Promise<void>;
}
