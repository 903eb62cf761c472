import type { FreezeMark, LockInfo } from "../../../../domain/lock-info";
import type { StateRule } from "../../../../domain/state-guard";
import type { StateRef } from "../../../../domain/state-objects";
import type { StateReport } from "../../directory/state-table";

/** What became of a lock ID. Rows are never deleted: an ID that is not held any more can never lock or write again. */
export type LockFate = "held" | "released" | "broken";

export interface LockRecord {
  readonly id: string;
  readonly fate: LockFate;
  readonly info: LockInfo;
  /** SHA-256 of the LOCK request, by which a replay is told from a second client that chose the same ID. */
  readonly request: string;
  readonly principal: string;
  readonly origin: string;
  readonly takenAt: string;
  readonly endedBy: string | null;
  /** It keeps S3 clients out, by a lock file in the bucket. Where that file is gone, one of them broke the lock. */
  readonly hasFile: boolean;
}

export interface VersionRecord {
  readonly id: string;
  readonly serial: number | null;
  readonly lineage: string | null;
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
  readonly encrypted: boolean;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly lockId: string | null;
  readonly source: VersionSource;
  readonly pinned: boolean;
}
/** A version as it comes in: with the addresses of its resources, which only the history's diff reads again. */
export interface NewVersion extends Omit<VersionRecord, "pinned"> {
  readonly resources: readonly string[] | null;
}
/** Who brought the version: a client of ours, an S3 client that wrote the current object, or a restored backup. */
export type VersionSource = "http" | "s3" | "backup";

export interface OverrideRecord {
  readonly id: string;
  readonly allow: readonly StateRule[];
  readonly grantedBy: string;
  readonly reason: string;
  readonly expiresAt: string;
}

/** The current object as we last left it, and the version it shows; `etag` null if we left none. */
export interface Projection {
  readonly version: string | null;
  readonly etag: string | null;
  /** R2's ID of the upload: a copy of the same bytes has another. @default - not known */
  readonly upload?: string;
}

/** Why an S3 client's object is not adopted: the rule that it breaks, what it was written without, or what it is. */
export type ConflictReason = StateRule | "unread" | "frozen" | "not_a_state" | "too_large";

/** An object under the current key that is not adopted: it waits for an admin, or for the end of a freeze. */
export interface Conflict {
  readonly etag: string;
  /** The version that was made of it; null if it is not a state. */
  readonly version: string | null;
  /** Undefined if an earlier Worker noted it. */
  readonly reason?: ConflictReason;
}

/** Keeps everyone from locking and writing, for a while or until an admin ends it. */
export interface Freeze extends FreezeMark {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly since: string;
  /** null: an admin ends it. */
  readonly expiresAt: string | null;
}

/** Single values of one state. They are one row, so that a change of several costs what a change of one does. */
export interface StateSettings {
  /** ID of the current version; null if there is no state. */
  readonly pointer: string | null;
  readonly projection: Projection;
  /** Versions that were current since the one of `projection`: a put of them may still turn up as the current object. */
  readonly unprojected: readonly string[];
  readonly conflict: Conflict | null;
  readonly everEncrypted: boolean;
  readonly encryption: "auto" | "required";
  readonly keep: { readonly versions?: number; readonly days?: number };
  readonly freeze: Freeze | null;
  /** The last UNLOCK without an ID, by which its replay is told from a second one. */
  readonly blindUnlock: { readonly at: string; readonly principal: string; readonly origin: string } | null;
  /** The newest uploads that did not end yet, and when they were begun: what a crash leaves of them is found and deleted. */
  readonly uploads: Readonly<Record<string, string>>;
  /** What the Directory knows of this state; null if it does not know it. */
  readonly reported: StateReport | null;
  /** Which state this is; an alarm comes without a caller who says so. */
  readonly ref: StateRef | null;
}

export const initialSettings: StateSettings = {
  pointer: null,
  projection: { version: null, etag: null },
  unprojected: [],
  conflict: null,
  everEncrypted: false,
  encryption: "auto",
  keep: {},
  freeze: null,
  blindUnlock: null,
  uploads: {},
  reported: null,
  ref: null,
};
