import { z } from "zod";
import { bucketName } from "./state";
import { text } from "./values";

const days = (least: number) => z.int().min(least).max(36_500);

const zoneId = text(
  /^[0-9a-f]{32}$/,
  "is not the id of a zone; copy the 32 characters 0-9 and a-f from the zone's overview",
);

const hostName = text(
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  "is not a host name; write it like tfstate.example.com, in lower case",
);

const label = text(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "is not a name that Cloudflare takes; use at most 63 of a-z, 0-9 and -",
);

const namespace = text(
  /^(?!(history|versions|\.|\.\.)$)[^/\\\p{Cc}]{1,128}$/u,
  "is not a namespace; use at most 128 characters without a slash, and not history or versions",
);

const cron = text(
  /^(\S+ ){4}\S+$/,
  "is not a cron expression; write five fields, like 17 3 * * * for every day at 03:17 UTC",
);

/** Without fractions: the provider compares the text with Cloudflare's answer. */
const timestamp = z
  .string()
  .refine(
    (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && !Number.isNaN(Date.parse(value)),
    "is not a time; write it like 2027-01-31T00:00:00Z",
  );

const grant = {
  namespace: namespace.describe("Namespace whose states they are."),
  scopes: z
    .array(z.enum(["read", "write", "lock", "admin"]))
    .min(1)
    .describe("`read`, `write`, `lock`, `admin`."),
  states: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Names of states, with `*`. Default: all of them."),
};

const oidcIssuer = z.strictObject({
  issuer: z
    .url({ protocol: /^https$/, error: "is not an https URL; write it like https://gitlab.com" })
    .optional()
    .describe("Default: GitHub Actions."),
  audience: z.string().min(1).describe("Audience that its tokens must have."),
  rules: z
    .array(
      z.strictObject({
        subject: z
          .string()
          .min(1)
          .describe("Subject, with `*`, for example `repo:me/cluster:ref:refs/heads/main`."),
        ...grant,
      }),
    )
    .min(1)
    .describe("Who may do what; the first one whose subject matches counts."),
});

const certificate = z.strictObject({
  fingerprint: text(/^[0-9a-fA-F]{64}$/, "is not a SHA-256 fingerprint; write 64 hex digits without colons")
    .optional()
    .describe("SHA-256 of the certificate."),
  subject: z.string().min(1).optional().describe("Subject of the certificate, with `*`."),
  ...grant,
});

const worker = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether there is a Worker; the S3 backend needs none."),
  name: label.optional().describe("Name of the Worker. Default: name of the bucket."),
  domain: z
    .strictObject({
      hostname: hostName.describe("Host name of the Worker."),
      zone_id: zoneId.describe("Zone of the host name."),
    })
    .optional()
    .describe("A host name of its own. Default: workers.dev."),
  workers_dev_subdomain: label
    .optional()
    .describe("The account's subdomain of workers.dev, so that the address is known."),
  cron: cron.default("17 3 * * *").describe("When states are copied to the backup bucket, in UTC."),
  credentials: z
    .array(z.enum(["owner", "users", "psk"]))
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
    .enum(["auto", "required"])
    .default("auto")
    .describe("`required` refuses every state in plain text."),
  keep_versions: z.int().min(1).default(100).describe("Versions of a state that are always kept."),
  keep_days: days(0).default(90).describe("Days for which every version is kept."),
  base_path: text(
    /^(\/[A-Za-z0-9._~-]+)+$/,
    "is not a path; write it like /tfstate, without a slash at its end",
  )
    .optional()
    .describe("In front of every route."),
  observability: z.boolean().default(true).describe("Whether Cloudflare keeps the Worker's logs."),
});

const token = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(120)
    .optional()
    .describe("Name of the token. Default: that of the bucket."),
  access: z.enum(["read", "write"]).default("write").describe("What it may do with objects of the bucket."),
  expires_on: timestamp.optional().describe("When it ends, in UTC. Default: never."),
});

export const bootstrap = z.strictObject({
  location: z
    .enum(["wnam", "enam", "weur", "eeur", "apac", "oc"])
    .optional()
    .describe("Where the buckets are created, if Cloudflare can. Default: near whoever creates them."),
  backup_bucket: bucketName.optional().describe("Bucket of the copies. Default: `<state.bucket>-backup`."),
  history_lock_days: days(0).default(30).describe("For how long nobody can delete a version; 0 for no lock."),
  history_days: days(0).default(730).describe("When a version goes, whatever refers to it; 0 for never."),
  backup_days: days(0).default(365).describe("When an old copy goes; 0 for never."),
  worker: worker.prefault({}).describe("The tfstate Worker."),
  token: token.prefault({}).describe("The S3 key pair."),
});

export type BootstrapInput = z.output<typeof bootstrap>;
