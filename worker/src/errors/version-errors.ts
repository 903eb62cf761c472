import type { StateIdentity, StateRule } from "../../../domain/state-guard";
import { backupFolder, type StateRef, stateKey } from "../../../domain/state-objects";
import { headers } from "../../../domain/worker-api";
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
    status: 404,
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
  foreign_write: ({ ref, current, foreign }: ForeignWrite) => {
    const choices = [current, foreign].filter((id) => id !== null).join(" or ");
    return {
      status: 500,
      message:
        foreign === null
          ? `the object ${stateKey(ref)} is not a state (${current ? `version ${current} is kept` : "no version is known"})`
          : `an S3 client wrote ${stateKey(ref)}, and it does not follow version ${current}; ` +
            `both are kept, its write as version ${foreign}`,
      fix: choices
        ? `an admin chooses with POST ${statePath(ref)}/versions/{id}/restore, where the id is ${choices}`
        : `put a state there with an S3 client, or an admin discards the object with DELETE ${statePath(ref)}`,
    };
  },

  backup_not_configured: () => ({
    status: 409,
    message: "no backup bucket is bound to this Worker",
    fix: "bind a second R2 bucket as BACKUP",
  }),
  no_backup: ({ ref }: { readonly ref: StateRef }) => ({
    status: 404,
    message: `the backup bucket has no ${stateKey(ref)}`,
    fix: "check the name of the state",
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
  /** The version that the S3 client's object became; null where it is not a state. */
  readonly foreign: string | null;
}

interface DamagedBackup {
  readonly ref: StateRef;
  readonly found: string;
  readonly expected: string;
}

const statePath = ({ name }: StateRef): string => `/states/${encodeURIComponent(name)}`;

function howToOverride(ref: StateRef, rule: StateRule): string {
  return (
    `if this is meant (init -migrate-state, state push -force), an admin allows it once with ` +
    `POST ${statePath(ref)}/override {"allow":["${rule}"],"reason":"…"}, ` +
    `or the client sends "X-Tfstate-Override: ${rule} until=<RFC 3339, at most an hour ahead>"`
  );
}
