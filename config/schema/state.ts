import { z } from "zod";
import { DEFAULT_STATE_KEY } from "../state-location";
import { resourceAddress, schematicId, text, workerUrl } from "./values";

const keyId = text(
  /^[A-Za-z][A-Za-z0-9_-]*$/,
  "is not the name of a key; use letters, digits, _ and -, a letter first",
)
  .default("main")
  .describe("Names the key in the state. A new key needs a new name.");

const pbkdf2 = z.strictObject({
  provider: z.literal("pbkdf2").describe("A passphrase in TF_VAR_state_passphrase."),
  key_id: keyId,
});
const awsKms = z.strictObject({
  provider: z.literal("aws_kms").describe("A key in AWS KMS; credentials from AWS_…."),
  key_id: keyId,
  kms_key_id: z.string().min(1).describe("Key id or ARN."),
  region: z.string().min(1).describe("AWS region."),
});
const gcpKms = z.strictObject({
  provider: z.literal("gcp_kms").describe("A key in Google Cloud KMS."),
  key_id: keyId,
  kms_encryption_key: z.string().min(1).describe("Resource name, projects/…/cryptoKeys/…."),
});
const openbao = z.strictObject({
  provider: z.literal("openbao").describe("A key of OpenBao's transit engine; token from BAO_TOKEN."),
  key_id: keyId,
  key_name: z.string().min(1).describe("Name of the transit key."),
  address: z.url().optional().describe("Address of OpenBao. Default: BAO_ADDR."),
});
const off = z.strictObject({
  provider: z.literal("off").describe("No encryption."),
  reason: z.string().trim().min(1).describe("Why the state may be read by whoever gets hold of it."),
});

const keyProvider = z.discriminatedUnion("provider", [pbkdf2, awsKms, gcpKms, openbao]);

/** Keys that every provider takes while the state is on its way from one key, or none, to another. */
const transition = {
  migrate: z
    .literal("from-plaintext")
    .optional()
    .describe("For the one apply that encrypts a state which is in plain text so far."),
  previous: keyProvider
    .optional()
    .describe(
      "The key before this one (for pbkdf2 in TF_VAR_state_passphrase_previous), until the next apply.",
    ),
};

const encryption = z.discriminatedUnion("provider", [
  pbkdf2.extend(transition),
  awsKms.extend(transition),
  gcpKms.extend(transition),
  openbao.extend(transition),
  off,
]);

export const stateBackends = ["r2", "worker", "local"] as const;

export const accountId = text(
  /^[0-9a-f]{32}$/,
  "is not a Cloudflare account id; copy the 32 characters 0-9 and a-f from the dashboard",
);

export const bucketName = text(
  /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
  "is not the name of a bucket; use 3 to 63 of a-z, 0-9 and -",
);

export const state = z.strictObject({
  backend: z
    .enum(stateBackends)
    .default("r2")
    .describe("Where the state is: R2, the tfstate Worker, or a local file. STATE_BACKEND overrides it."),
  bucket: bucketName.default("tfstate").describe("r2: the bucket."),
  key: text(
    /^(?!\/)(?!.*\/\/)(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9!_.*'()/-]{1,1000}$/,
    "is not the key of an object; write it like proxmox/terraform.tfstate",
  )
    .default(DEFAULT_STATE_KEY)
    .describe("r2: the object in the bucket."),
  lock: z
    .boolean()
    .default(true)
    .describe("r2: whether an apply locks the state; without it two at once can lose what one of them made."),
  account_id: accountId
    .optional()
    .describe(
      "r2: Cloudflare account. Default: CLOUDFLARE_ACCOUNT_ID, else the endpoint is AWS_ENDPOINT_URL_S3.",
    ),
  jurisdiction: z
    .enum(["eu", "fedramp"])
    .optional()
    .describe("r2: jurisdiction of the bucket. Default: none."),
  url: workerUrl.optional().describe("worker: address of the state, `https://…/states/<name>`."),
  path: z
    .string()
    .min(1)
    .optional()
    .describe("local: path of the file. Default: `terraform.<stack>.tfstate`."),
  encryption: encryption.prefault({ provider: "pbkdf2" }).describe("Encryption of state and plan files."),
});

export const adopt = z.strictObject({
  vms: resourceAddress.optional().describe("Address of the VM resource with `for_each` over node names."),
  images: z
    .array(
      z.strictObject({
        from: resourceAddress.describe("Address of the download, with its key."),
        schematic_id: schematicId.describe("Schematic of that image."),
        secureboot: z.boolean().default(false).describe("Whether it is the Secure Boot image."),
      }),
    )
    .optional()
    .describe("Downloads to take over."),
});

export type StateInput = z.output<typeof state>;
export type EncryptionInput = z.output<typeof encryption>;
export type KeyProviderInput = z.output<typeof keyProvider>;
export type AdoptInput = z.output<typeof adopt>;
