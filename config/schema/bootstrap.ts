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
import { glob, literal, text, wholeNumber } from "./values";

const days = wholeNumber(DAYS);
const workerName = text(WORKER_NAME);
const namespace = text(NAMESPACE);

const grant = {
  namespace: namespace.describe("Namespace of the states."),
  scopes: z
    .array(z.enum(WORKER_SCOPES))
    .min(1)
    .describe("What may be done: `read`, `write`, `lock`, `admin`, `metrics`."),
  states: z
    .array(glob)
    .min(1)
    .optional()
    .describe("Names of the states; `*` matches any text. Default: all states of the namespace."),
};

const oidcIssuer = z.strictObject({
  issuer: z
    .url({ protocol: /^https$/, error: "is not an https URL; write it like https://gitlab.com" })
    .regex(/^[^?#]*$/, "has a query or a fragment; write it like https://gitlab.com")
    .optional()
    .describe("URL of the issuer, as in the token's `iss`. Default: GitHub Actions."),
  audience: literal.describe("Audience that a token must have (`aud`)."),
  rules: z
    .array(
      z.strictObject({
        subject: glob.describe(
          "Subject of the token (`sub`), for example `repo:me/cluster:ref:refs/heads/main`; `*` matches any text.",
        ),
        ...grant,
      }),
    )
    .min(1)
    .describe("Who may do what. The first rule with a matching subject applies."),
});

const certificate = z.strictObject({
  fingerprint: text(FINGERPRINT).optional().describe("SHA-256 of the certificate."),
  subject: glob.optional().describe("Subject of the certificate; `*` matches any text."),
  ...grant,
});

const worker = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether to make the Worker. The S3 backend does not need it."),
  name: workerName.optional().describe("Name of the Worker. Default: the name of the bucket."),
  domain: z
    .strictObject({
      hostname: text(WORKER_HOST_NAME).describe("Host name of the Worker."),
      zone_id: text(ZONE_ID).describe("Zone of the host name."),
      clients_moved: z
        .boolean()
        .default(false)
        .describe(
          "Whether every client uses this host name. Then workers.dev is off, and Cloudflare answers 404 there, which a client takes for an empty state. Until then, the Worker answers an error there.",
        ),
    })
    .optional()
    .describe("Custom domain. Default: a host name on workers.dev."),
  workers_dev_subdomain: workerName
    .optional()
    .describe("The account's subdomain of workers.dev. With it, the address of the Worker is known."),
  cron: text(CRON)
    .default(DEFAULT_CRON)
    .describe("When the states are copied to the backup bucket, as a cron expression in UTC."),
  credentials: z
    .array(z.enum(WORKER_CREDENTIALS))
    .default(["owner"])
    .describe(
      "Passwords that the Worker knows: `owner` (TF_VAR_tfstate_username, TF_VAR_tfstate_password), `users` (TF_VAR_tfstate_users), `psk` (TF_VAR_tfstate_psk).",
    ),
  psk_namespace: namespace
    .optional()
    .describe(
      "Namespace that the pre-shared key gives access to. Default: `default`; required with other credentials.",
    ),
  oidc: z.array(oidcIssuer).default([]).describe("Issuers of OIDC tokens."),
  mtls: z.array(certificate).default([]).describe("Client certificates that Cloudflare verifies."),
  encryption: z
    .enum(WORKER_ENCRYPTION)
    .default("auto")
    .describe(
      "`required` refuses every state in plain text; `auto` refuses plain text after an encrypted version.",
    ),
  s3_clients: z
    .boolean()
    .default(true)
    .describe(
      "Whether clients of the S3 backend may use the same objects. Without them, a lock and a write take fewer operations of R2.",
    ),
  keep_versions: wholeNumber(KEEP_VERSIONS)
    .default(KEPT_VERSIONS.versions)
    .describe("Number of newest versions of a state that the Worker never deletes."),
  keep_days: days.default(KEPT_VERSIONS.days).describe("Days for which the Worker keeps every version."),
  base_path: text(BASE_PATH).optional().describe("Path before every route, for example `/tfstate`."),
  observability: z.boolean().default(true).describe("Whether Cloudflare keeps the Worker's logs."),
});

const token = z.strictObject({
  name: text(TOKEN_NAME).optional().describe("Name of the token. Default: the name of the bucket."),
  access: z
    .enum(["read", "write"])
    .default("write")
    .describe("What the token may do with the objects of the bucket."),
  expires_on: text(TIMESTAMP).optional().describe("When the token expires, in UTC. Default: never."),
});

export const bootstrap = z.strictObject({
  location: z
    .enum(R2_LOCATIONS)
    .optional()
    .describe("Preferred location of the buckets. Default: near the machine that creates them."),
  backup_bucket: bucketName
    .optional()
    .describe("Name of the backup bucket. Default: `<state.bucket>-backup`."),
  history_lock_days: days
    .default(RETENTION_DEFAULTS.historyLockDays)
    .describe("Days for which nobody can delete a version; 0 for no lock."),
  history_days: days
    .default(RETENTION_DEFAULTS.historyDays)
    .describe("Days after which R2 deletes a version, even a pinned one; 0 for never."),
  backup_days: days
    .default(RETENTION_DEFAULTS.backupDays)
    .describe("Days after which R2 deletes a backup; 0 for never."),
  worker: worker.prefault({}).describe("The tfstate Worker."),
  token: token.prefault({}).describe("The S3 key pair."),
});

export type BootstrapInput = z.output<typeof bootstrap>;
