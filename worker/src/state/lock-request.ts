import { hash } from "node:crypto";
import { type LockInfo, maxLockIdLength, parseLockInfo } from "../../../domain/lock-info";
import { Refusal } from "../errors/refusal";

/** A LOCK request: the lock that is asked for, and a hash by which the same request is known again. */
export interface LockRequest {
  readonly info: LockInfo;
  /** SHA-256 of the body, in hex. */
  readonly hash: string;
}

/** @throws Refusal when the body is not a JSON object or has no usable ID, without which nobody could be kept out */
export function readLockRequest(body: string, now: Date): LockRequest {
  const info = parseLockInfo(body, now.toISOString());
  if (!info) throw new Refusal({ code: "lock_info_malformed", method: "LOCK" });
  const { length } = info.ID;
  if (length === 0 || length > maxLockIdLength) throw new Refusal({ code: "lock_id_missing", length });
  return { info, hash: hash("sha256", body, "hex") };
}

/** An UNLOCK request: which lock is to go. */
export interface UnlockRequest {
  readonly id: string;
  /** The holder sends its whole LockInfo; who breaks a lock by force sends the ID alone. */
  readonly isForced: boolean;
}

/**
 * @returns null if the body is empty, which is Terraform's way to force-unlock
 * @throws Refusal when it names no lock
 */
export function readUnlockRequest(body: string): UnlockRequest | null {
  if (body.trim() === "") return null;
  const info = parseLockInfo(body);
  if (!info?.ID) throw new Refusal({ code: "lock_info_malformed", method: "UNLOCK" });
  return { id: info.ID, isForced: info.Operation === "" };
}
