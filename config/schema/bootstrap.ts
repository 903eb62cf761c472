import { z } from "zod";
import { TIMESTAMP, TOKEN_NAME, WORKER_HOST_NAME, WORKER_NAME, ZONE_ID } from "../../domain/cloudflare";
import { R2_LOCATIONS } from "../../domain/r2";
import { DAYS, RETENTION_DEFAULTS } from "../../domain/retention";
import {
  BASE_PATH,
  CRON,
  DEFAULT_CRON,
  FINGERPRINT,
  KEEP_VERSIONS,
  KEPT_VERSIONS,
  NAMESPACE,
  WORKER_CREDENTIALS,
  WORKER_ENCRYPTION,
  WORKER_SCOPES,
} from "../../domain/tfstate-worker";
import { bucketName } from "./state";
import { literal, text, wholeNumber } from "./values";

const days = wholeNumber(DAYS);
const workerName = text(WORKER_NAME);
const namespace = text(NAMESPACE);

const grant = {
  namespace: namespace.describe("Namespace whose states they are."),
  scopes: z.array(z.enum(WORKER_SCOPES)).min(1).describe("`read`, `write`, `lock`, `admin`."),
  states: z.array(literal).min(1).optional().describe("Names of states, with `*`. Default: all of them."),
};

const oidcIssuer = z.strictObject({
  issuer: z
    .url({ protocol: /^https$/, error: "is not an https URL; write it like https://gitlab.com" })
    .optional()
    .describe("Default: GitHub Actions."),
  audience: literal.describe("Audience that its tokens must have."),
  rules: z
    .array(
      z.strictObject({
        subject: literal.describe("Subject, with `*`, for example `repo:me/cluster:ref:refs/heads/main`."),
        ...grant,
      }),
    )
    .min(1)
    .describe("Who may do what; the first one whose subject matches counts."),
});

const certificate = z.strictObject({
  fingerprint: text(FINGERPRINT).optional().describe("SHA-256 of the certificate."),
  subject: literal.optional().describe("Subject of the certificate, with `*`."),
  ...grant,
});

const worker = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether there is a Worker; the S3 backend needs none."),
  name: workerName.optional().describe("Name of the Worker. Default: name of the bucket."),
  domain: z
    .strictObject({
      hostname: text(WORKER_HOST_NAME).describe("Host name of the Worker."),
      zone_id: text(ZONE_ID).describe("Zone of the host name."),
    })
    .optional()
    .describe("A host name of its own. Default: workers.dev."),
  workers_dev_subdomain: workerName
    .optional()
    .describe("The account's subdomain of workers.dev, so that the address is known."),
  cron: text(CRON).default(DEFAULT_CRON).describe("When states are copied to the backup bucket, in UTC."),
  credentials: z
    .array(z.enum(WORKER_CREDENTIALS))
    .default(["owner"])
    .describe(
      "Passwords that the Worker knows: `owner` (TF_VAR_tfstate_username, TF_VAR_tfstate_password), `users` (TF_VAR_tfstate_users), `psk` (TF_VAR_tfstate_psk).",
    ),
  psk_namespace: namespace
    .optional()
    .describe("Namespace of whoever has the pre-shared key. Default: `default`."),
  oidc: z.array(oidcIssuer).default([]).describe("Issuers of identity tokens."),
  mtls: z.array(certificate).default([]).describe("Client certificates that Cloudflare verifies."),
  encryption: z
    .enum(WORKER_ENCRYPTION)
    .default("auto")
    .describe("`required` refuses every state in plain text."),
  keep_versions: wholeNumber(KEEP_VERSIONS)
    .default(KEPT_VERSIONS.versions)
    .describe("Versions of a state that are always kept."),
  keep_days: days.default(KEPT_VERSIONS.days).describe("Days for which every version is kept."),
  base_path: text(BASE_PATH).optional().describe("In front of every route."),
  observability: z.boolean().default(true).describe("Whether Cloudflare keeps the Worker's logs."),
});

const token = z.strictObject({
  name: text(TOKEN_NAME).optional().describe("Name of the token. Default: that of the bucket."),
  access: z.enum(["read", "write"]).default("write").describe("What it may do with objects of the bucket."),
  expires_on: text(TIMESTAMP).optional().describe("When it ends, in UTC. Default: never."),
});

export const bootstrap = z.strictObject({
  location: z
    .enum(R2_LOCATIONS)
    .optional()
    .describe("Where the buckets are created, if Cloudflare can. Default: near whoever creates them."),
  backup_bucket: bucketName.optional().describe("Bucket of the copies. Default: `<state.bucket>-backup`."),
  history_lock_days: days
    .default(RETENTION_DEFAULTS.historyLockDays)
    .describe("For how long nobody can delete a version; 0 for no lock."),
  history_days: days
    .default(RETENTION_DEFAULTS.historyDays)
    .describe("When a version goes, whatever refers to it; 0 for never."),
  backup_days: days.default(RETENTION_DEFAULTS.backupDays).describe("When an old copy goes; 0 for never."),
  worker: worker.prefault({}).describe("The tfstate Worker."),
  token: token.prefault({}).describe("The S3 key pair."),
});

export type BootstrapInput = z.output<typeof bootstrap>;
