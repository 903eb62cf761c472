import { z } from "zod";
import { GLOB } from "../../../domain/glob";
import { maxLockIdLength } from "../../../domain/lock-info";
import { stateRules } from "../../../domain/state-guard";
import { KEEP_VERSIONS, WORKER_SCOPES } from "../../../domain/tfstate-worker";
import { maxListedVersions, maxReasonLength } from "../../../domain/worker-api";

/** Shapes of the JSON that the routes take and give. */
export const LockInfo = z.object({
  ID: z.string(),
  Operation: z.string(),
  Info: z.string(),
  Who: z.string(),
  Version: z.string(),
  Created: z.string(),
  Path: z.string(),
});

export const Version = z.object({
  id: z.string(),
  serial: z.number().nullable(),
  lineage: z.string().nullable(),
  sha256: z.string(),
  md5: z.string(),
  size: z.number(),
  encrypted: z.boolean(),
  createdAt: z.string(),
  createdBy: z.string(),
  lockId: z.string().nullable(),
  source: z.enum(["http", "s3", "backup"]),
  pinned: z.boolean(),
});

const Difference = z.object({ added: z.array(z.string()), removed: z.array(z.string()) }).nullable();
export const ListedVersion = Version.extend({
  current: z.boolean(),
  writes: z.number(),
  resources: z.number().nullable(),
  diff: Difference.describe(
    "null: encrypted, or too long for this list; the whole is at …/versions/{id}/changes",
  ),
});
export const VersionChanges = z.object({
  id: z.string(),
  serial: z.number().nullable(),
  against: z.string().nullable().describe("the version below; null where there is none"),
  diff: Difference.describe("null: encrypted, or too many resources to keep a list of them"),
});

export const Freeze = z.object({
  id: z.string(),
  reason: z.string(),
  by: z.string(),
  since: z.string(),
  expiresAt: z.string().nullable().describe("null: an admin ends it"),
  lock: z.string().optional().describe("ID of the one lock that may be taken meanwhile"),
  operation: z.string().optional().describe("operation of that lock"),
});

/** Who keeps others out. */
export const LockHolder = LockInfo.extend({
  freeze: Freeze.optional().describe(
    "set where the holder is a freeze; freeze.lock is the ID of the lock that it lets through",
  ),
});

/** The body of every error. Where the lock is the reason, the holder's fields stand at the top level too. */
export const ErrorBody = LockHolder.partial().extend({
  error: z.string(),
  message: z.string(),
  fix: z.string(),
  holder: LockHolder.optional(),
});

const LockFacts = z.object({
  by: z.enum(["http", "s3", "freeze"]),
  principal: z.string().nullable(),
  origin: z.string().nullable(),
  since: z.string(),
});

/** GET of the lock: the holder's fields where it is held. */
export const LockState = LockHolder.extend(LockFacts.shape).partial().extend({ locked: z.boolean() });

/** An entry of the list of locks. */
export const LockStatus = LockFacts.extend({
  state: z.string(),
  info: LockHolder,
  ageSeconds: z.number(),
  stale: z.boolean(),
});

export const StateSummary = z.object({
  name: z.string(),
  serial: z.number().nullable(),
  size: z.number().nullable(),
  updatedAt: z.string().nullable(),
  updatedBy: z.string().nullable(),
  versions: z.number(),
  encrypted: z.boolean(),
  locked: z.boolean(),
  frozen: z.boolean(),
  conflict: z.boolean(),
});

export const Token = z.object({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  scopes: z.array(z.enum(WORKER_SCOPES)),
  states: z.array(z.string()),
  createdAt: z.string(),
  createdBy: z.string(),
  parent: z.string().nullable().optional().describe("ID of the token that minted it, and ends it"),
  expiresAt: z.string(),
});

export const AuditEntry = z.object({
  seq: z.number(),
  at: z.string(),
  who: z.string(),
  action: z.string(),
  detail: z.string(),
  prev: z.string(),
  hash: z.string(),
});

export const Policy = z.strictObject({
  encryption: z.enum(["auto", "required"]).optional(),
  keep: z
    .strictObject({
      versions: z.int().min(KEEP_VERSIONS.min).max(KEEP_VERSIONS.max).optional(),
      days: z.number().min(0).max(99999).optional(),
    })
    .optional(),
});

const day = 24 * 60 * 60;
export const FreezeRequest = z.strictObject({
  reason: z.string().min(1).max(maxReasonLength),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(30 * day)
    .nullable()
    .default(day)
    .describe("null: until an admin ends it"),
  lock: z
    .string()
    .min(1)
    .max(maxLockIdLength)
    .optional()
    .describe("ID of the one lock that may be taken meanwhile"),
  operation: z.string().min(1).max(100).optional().describe("operation of that lock, for whoever meets it"),
});

export const OverrideRequest = z.strictObject({
  allow: z.array(z.enum(stateRules)).min(1),
  reason: z.string().min(1).max(maxReasonLength),
  expiresInSeconds: z.int().min(1).max(3600).default(600),
});
export const Override = z.object({
  id: z.string(),
  allow: z.array(z.enum(stateRules)),
  grantedBy: z.string(),
  reason: z.string(),
  expiresAt: z.string(),
});

export const TokenRequest = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(z.enum(WORKER_SCOPES)).min(1),
  states: z.array(z.string().regex(GLOB.regex, GLOB.advice)).min(1).default(["*"]),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(366 * day)
    .default(90 * day),
});

export const BackupResult = z.object({
  key: z.string(),
  version: z.string().nullable(),
  result: z.enum(["copied", "unchanged", "empty"]),
});

export const BackupOutcome = BackupResult.extend({
  result: z.enum([...BackupResult.shape.result.options, "failed"]),
});
export const Copies = z.object({
  copies: z.array(
    z.object({
      key: z.string(),
      etag: z.string(),
      uploadedAt: z.string(),
      version: z.string().nullable(),
      sha256: z.string().nullable(),
      serial: z.number().nullable(),
      audit: z
        .object({ seq: z.number(), hash: z.string() })
        .nullable()
        .describe("newest entry of the state's audit when the copy was made"),
    }),
  ),
  next: z.string().nullable(),
});
export const RestoreResult = z.object({
  restored: z.array(z.string()),
  kept: z
    .array(
      z.object({
        state: z.string(),
        reason: z.enum(["same", "healthy", "deleted", "undecided"]),
        message: z.string(),
      }),
    )
    .describe("states that needed no copy, and why"),
  failed: z.array(z.object({ state: z.string(), error: z.string(), message: z.string() })),
  next: z.string().nullable(),
});

const flag = z
  .enum(["0", "1", "true", "false"])
  .default("0")
  .transform((value) => value === "1" || value === "true");
export const VersionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(maxListedVersions).default(100),
  before: z.string().optional(),
  all: flag,
});
export const AuditQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});
export const PageQuery = z.object({ after: z.string().default("") });
/** Read with `forcedStates`, since it may be there several times. */
export const ForceQuery = z.object({
  force: z
    .string()
    .optional()
    .describe(
      "name of a state whose copy is made current even where it needs none; may be given several times",
    ),
});
export const RestoreQuery = PageQuery.extend(ForceQuery.shape);
export const LocksQuery = PageQuery.extend({
  staleAfterSeconds: z.coerce.number().int().min(0).default(3600),
});
export const WriterQuery = z.object({ ID: z.string().optional() });
