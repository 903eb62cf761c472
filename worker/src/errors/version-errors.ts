import type { StateIdentity, StateRule } from "../../../domain/state-guard";
import { backupFolder, type StateRef, stateKey } from "../../../domain/state-objects";
import { headers, maxStateBytes } from "../../../domain/worker-api";
import type { ErrorAnswers } from "./error-answer";

/** Why a version is not accepted, not found or not handed out. */
export const versionErrors = {
  plaintext_refused: ({ ref, why }: { readonly ref: StateRef; readonly why: string }) => ({
    status: 409,
    message: `the state is not encrypted, and ${why}`,
    fix: `configure state encryption in the client as it was when the state was last written; ${howToOverride(ref, "plaintext")}`,
  }),
  lineage_changed: ({ ref, current, next }: Successor) => ({
    status: 409,
    message: `lineage ${next.lineage} is not the lineage ${current?.lineage} of the state stored as "${ref.name}"`,
    fix: `check that the backend address names the right state; ${howToOverride(ref, "lineage")}`,
  }),
  serial_regressed: ({ ref, current, next }: Successor) => ({
    status: 409,
    message: `serial ${next.serial} is not newer than serial ${current?.serial}, which is stored with other content`,
    fix: `run plan again, so that it starts from the current state; ${howToOverride(ref, "serial")}`,
  }),
  overtaken: () => ({
    status: 409,
    message: "the state was locked by someone else while this body was being sent without a lock",
    fix: "run plan again, with locking",
  }),
  override_forbidden: ({ principal }: { readonly principal: string }) => ({
    status: 403,
    message: `${principal} may not use ${headers.override}`,
    fix: "it needs the admin scope: ask an admin",
  }),
  override_used: () => ({
    status: 409,
    message: `this ${headers.override} was used before`,
    fix: "send it with another time",
  }),
  override_malformed: ({ value }: { readonly value: string }) => ({
    status: 409,
    message: `${headers.override} "${value.slice(0, 100)}" names no rule, or no time within an hour from now`,
    fix: 'send "serial,lineage,plaintext until=<RFC 3339, at most an hour ahead>", with the rules that are needed',
  }),

  no_such_version: ({ ref, id }: { readonly ref: StateRef; readonly id: string }) => ({
    // Not 404: a version's address may be configured as the state's, and would then read as "no state".
    status: 400,
    message: `"${ref.name}" has no version ${id.slice(0, 100)}`,
    fix: `list them with GET ${statePath(ref)}/versions`,
  }),
  // Never "no state": the version is known.
  object_missing: ({ id, serial }: KnownVersion) => ({
    status: 500,
    message: `version ${id} (serial ${serial}) is known, but its object is not in the bucket`,
    fix: "restore it from the backup bucket, or an admin restores another version",
  }),
  object_damaged: ({ id, serial }: KnownVersion) => ({
    status: 500,
    message: `the object of version ${id} (serial ${serial}) is not the one that was committed`,
    fix: "restore it from the backup bucket, or an admin restores another version",
  }),
  foreign_write: ({ ref, current, foreign, reason }: ForeignWrite) => {
    const choices = [current, foreign].filter((id) => id !== null).join(" or ");
    const restore = `an admin chooses with POST ${statePath(ref)}/versions/{id}/restore, where the id is ${choices}`;
    const discard = `an admin discards it with DELETE ${statePath(ref)}`;
    const before = current === null ? "no version is known" : `version ${current} is kept`;
    if (foreign === null) {
      const what =
        reason === "too_large"
          ? `has more than ${maxStateBytes} bytes, the most that a state may have`
          : "is not a state";
      return {
        status: 500,
        message: `the object ${stateKey(ref)} ${what} (${before})`,
        fix: current ? restore : `put a state there with an S3 client, or ${discard}`,
      };
    }
    const kept = `its write is kept as version ${foreign}${current === null ? "" : `, ${before}`}`;
    const [what, howToGoOn] = foreignReasons(ref, current)[reason ?? "serial"];
    return {
      status: 500,
      message: `an S3 client wrote ${stateKey(ref)}, ${what}; ${kept}`,
      fix: `${restore}${howToGoOn}`,
    };
  },

  backup_not_configured: () => ({
    status: 409,
    message: "no backup bucket is bound to this Worker",
    fix: "bind a second R2 bucket as BACKUP",
  }),
  no_backup: ({ ref }: { readonly ref: StateRef }) => ({
    status: 409,
    message: `the backup bucket has no ${stateKey(ref)}`,
    fix: "check the name of the state",
  }),
  copy_not_needed: ({ ref, reason, current, copy }: UnneededCopy) => ({
    status: 409,
    message: {
      healthy: `the state is whole: ${compareSerials(current, copy)}`,
      deleted: "the state was deleted on purpose",
      undecided:
        "an S3 client wrote the state, and an admin has to choose between its write and the version before",
    }[reason],
    fix: `to make the copy current even so, add ?force=${encodeURIComponent(ref.name)}`,
  }),
  backup_damaged: ({ ref, found, expected }: DamagedBackup) => ({
    status: 500,
    message: `the copy at ${stateKey(ref)} has SHA-256 ${found}, ${expected} was stored`,
    fix: `take an older one under ${backupFolder(ref)} in the backup bucket`,
  }),
} satisfies ErrorAnswers;

interface Successor {
  readonly ref: StateRef;
  readonly current: Pick<StateIdentity, "serial" | "lineage"> | null;
  readonly next: Pick<StateIdentity, "serial" | "lineage">;
}

interface KnownVersion {
  readonly id: string;
  readonly serial: number | null;
}

interface ForeignWrite {
  readonly ref: StateRef;
  /** The version that was committed last. */
  readonly current: string | null;
  /** The version that the S3 client's object became; null if it is not a state. */
  readonly foreign: string | null;
  /** Undefined if an earlier Worker noted the conflict. */
  readonly reason?: StateRule | "unread" | "frozen" | "not_a_state" | "too_large";
}

interface UnneededCopy {
  readonly ref: StateRef;
  readonly reason: "healthy" | "deleted" | "undecided";
  /** Serial of the current version. */
  readonly current: number | null;
  /** Serial of the copy; null if it is not known. */
  readonly copy: number | null;
}

interface DamagedBackup {
  readonly ref: StateRef;
  readonly found: string;
  readonly expected: string;
}

type WhyKeptAside = readonly [what: string, howToGoOn: string];

/** Why a state that an S3 client wrote is not served, and what there is to know before an admin chooses. */
function foreignReasons(ref: StateRef, current: string | null) {
  const notNext: WhyKeptAside = [`and it does not follow version ${current}`, ""];
  const unread: WhyKeptAside = ["without having read the version before it", ""];
  const frozen: WhyKeptAside = [
    "while the state is frozen",
    "; without that it is adopted when the freeze ends",
  ];
  const plaintext: WhyKeptAside = [
    "and it is not encrypted, which it has to be",
    `; version {id} in plain text needs POST ${statePath(ref)}/override {"allow":["plaintext"],"reason":"…"} first`,
  ];
  const others = { unread, frozen, plaintext };
  return { serial: notNext, lineage: notNext, not_a_state: notNext, too_large: notNext, ...others };
}

function compareSerials(current: number | null, copy: number | null): string {
  if (current === null || copy === null) return `its serial is ${current}`;
  if (current === copy) return `it has the serial of the copy (${copy}), with other content`;
  return `its serial ${current} is ${current > copy ? "newer" : "older"} than serial ${copy} of the copy`;
}

const statePath = ({ name }: StateRef): string => `/states/${encodeURIComponent(name)}`;

function howToOverride(ref: StateRef, rule: StateRule): string {
  return (
    `if this is meant (init -migrate-state, state push -force), an admin allows it once with ` +
    `POST ${statePath(ref)}/override {"allow":["${rule}"],"reason":"…"}, ` +
    `or the client sends "X-Tfstate-Override: ${rule} until=<RFC 3339, at most an hour ahead>"`
  );
}
