import type { StateBackend } from "../config";
import { stateRules } from "../domain/state-guard";
import type { LockHolder, LockInfo } from "./lock-info";

/** Why a write is refused although the caller holds the lock; each can be allowed by name. */
export const guards = [...stateRules, "empty"] as const;
export type Guard = (typeof guards)[number];

/** An older state, as a backend lists it. */
export interface Version {
  readonly id: string;
  /** RFC 3339 */
  readonly createdAt: string;
  /** Unknown where the listing does not tell. */
  readonly serial?: number;
  readonly sha256?: string;
  readonly size: number;
  readonly createdBy?: string;
  readonly current: boolean;
}

/**
 * One state where it is kept. Bytes go in and out as they are: nothing is decrypted, nothing is patched. A method
 * that cannot tell throws; it never answers "no state" instead.
 */
export interface StateStore {
  readonly backend: StateBackend;
  /** For people: `r2 bucket/key`, `worker https://…`, `local path`. */
  readonly address: string;
  /** Key of the object in R2; one key behind both APIs is one object. */
  readonly objectKey?: string;

  /** The state; undefined where there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the state under a lock of the caller's. What was there is kept as a version first. */
  write(bytes: Uint8Array, lock: LockInfo, allow?: readonly Guard[]): Promise<void>;
  /** Removes the state under a lock of the caller's; a version of it is kept. */
  remove(lock: LockInfo): Promise<void>;

  /** Who keeps others out. */
  holder(): Promise<LockHolder | undefined>;
  /**
   * Takes the lock that OpenTofu takes. With the ID that holds it already, nothing changes.
   * @throws LockedError with the holder
   */
  lock(lock: LockInfo): Promise<void>;
  unlock(lock: LockInfo): Promise<void>;
  /** Removes somebody's lock. @throws where `id` is not the one that is held */
  breakLock(id: string): Promise<void>;

  /** Keeps everyone but the bearer of `lock` out, beyond the end of this process, until {@link thaw}. */
  /** @param instead the freeze that is there and is replaced, so that nobody gets in between */
  freeze(lock: LockInfo, instead?: LockInfo): Promise<void>;
  thaw(lock: LockInfo): Promise<void>;

  /** Newest first. */
  versions(): Promise<readonly Version[]>;
  version(id: string): Promise<Uint8Array>;
  /** Makes an older version the state again, under a lock of the caller's; its bytes are not changed. */
  restore(id: string, lock: LockInfo): Promise<void>;
  /** Keeps the state of now as a version, where the backend does not do so at each write. */
  keepVersion(): Promise<void>;
}
