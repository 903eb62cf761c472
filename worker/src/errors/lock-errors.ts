import { type LockHolder, type LockInfo, maxLockIdLength } from "../../../domain/lock-info";
import type { ErrorAnswers } from "./error-answer";

/** Why a lock cannot be taken or released, or does not allow a write. */
export const lockErrors = {
  lock_info_malformed: ({ method }: { readonly method: "LOCK" | "UNLOCK" }) => ({
    status: 400,
    message: `the body of ${method} is not ${method === "LOCK" ? "" : "empty and not "}a JSON object with the lock's ID`,
    fix: 'send the LockInfo of the client, at least {"ID": "…"}',
  }),
  // Without an ID, one holder could not be told from the next.
  lock_id_missing: ({ length }: { readonly length: number }) => ({
    status: 400,
    message: `LOCK needs an ID of 1 to ${maxLockIdLength} characters, got ${length}`,
    fix: 'send {"ID": "…"} with an ID that was never used before',
  }),
  // 423 with the holder is what makes a client with `-lock-timeout` wait.
  locked: ({ holder, reason }: { readonly holder: LockHolder; readonly reason: string }) => ({
    status: 423,
    message: reason,
    fix: holder.freeze
      ? "wait until the freeze ends, or ask an admin to end it with DELETE /states/{name}/freeze"
      : `wait, or if the holder is gone: tofu force-unlock ${holder.ID}`,
    holder,
  }),
  lock_unknown: ({ id }: { readonly id: string }) => ({
    status: 409,
    message: `lock ${id} was never taken here`,
    fix: "check the ID, and that lock_address and address name the same state; to write, take the lock first",
  }),
  lock_released: ({ id, endedBy }: EndedLock) => ({
    status: 409,
    message: `lock ${id} was released by ${endedBy}; it can neither lock nor write again`,
    fix: "take a new lock with an ID that was never used",
  }),
  lock_broken: ({ id, endedBy }: EndedLock) => ({
    status: 409,
    message: `lock ${id} was broken by ${endedBy}; it can neither lock nor write again`,
    fix: "someone force-unlocked the state, and it may have changed since; run plan again under a new lock",
  }),
  not_the_holder: ({ holder }: { readonly holder: LockInfo }) => ({
    status: 403,
    message: `lock ${holder.ID} is held by ${holder.Who || "someone else"}`,
    fix: "only its holder or an admin can unlock it",
    holder,
  }),
  // Even an admin breaks the lock first: then its holder, who may be in mid-apply, can write no more.
  lock_of_another: ({ holder, principal, caller }: LockOfAnother) => ({
    status: 403,
    message: `lock ${holder.ID} was taken by ${principal}, and this request comes from ${caller}`,
    fix:
      "use the credentials that took the lock for all that is done under it (a user's password and a token are two " +
      `principals), or an admin breaks the lock first, with tofu force-unlock ${holder.ID}, and takes another`,
    holder,
  }),
  unlock_ambiguous: ({ holder, brokenAt }: { readonly holder: LockInfo; readonly brokenAt: string }) => ({
    status: 409,
    message: `an UNLOCK without an ID from this client broke another lock at ${brokenAt}; this may be its replay`,
    fix: `to break the lock that is held now, name it: UNLOCK with {"ID": "${holder.ID}"}`,
    holder,
  }),
} satisfies ErrorAnswers;

interface LockOfAnother {
  readonly holder: LockInfo;
  /** Who took the lock. */
  readonly principal: string;
  readonly caller: string;
}

interface EndedLock {
  readonly id: string;
  readonly endedBy: string | null;
}
