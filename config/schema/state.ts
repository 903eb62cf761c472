import { z } from "zod";
import { ACCOUNT_ID } from "../../domain/cloudflare";
import {
  CHOSEN_PASSPHRASE_ITERATIONS,
  GENERATED_PASSPHRASE_ITERATIONS,
  ITERATIONS,
} from "../../domain/key-derivation";
import { BUCKET_NAME, R2_JURISDICTIONS } from "../../domain/r2";
import {
  DEFAULT_BUCKET,
  DEFAULT_KEY_ID,
  DEFAULT_STATE_KEY,
  KEY_ID,
  STATE_BACKENDS,
  STATE_KEY,
} from "../../domain/state";
import { literal, rangeText, resourceAddress, schematicId, stateUrl, text, wholeNumber } from "./values";

const keyId = text(KEY_ID)
  .default(DEFAULT_KEY_ID)
  .describe("Name of the encryption key in the state. A new key needs a new name.");

const pbkdf2 = z.strictObject({
  provider: z.literal("pbkdf2").describe("A passphrase in TF_VAR_state_passphrase."),
  key_id: keyId,
});
/** Keys for the passphrase that writes. How an older one was derived is in the state. */
const derivation = {
  iterations: wholeNumber(ITERATIONS)
    .optional()
    .describe(
      `Iterations of PBKDF2 with SHA-512, ${rangeText(ITERATIONS)}. Default: ${CHOSEN_PASSPHRASE_ITERATIONS}, or ${GENERATED_PASSPHRASE_ITERATIONS} with generated_passphrase.`,
    ),
  generated_passphrase: z
    .boolean()
    .default(false)
    .describe("Whether the passphrase is 256 random bits or more, as of `openssl rand -base64 32`."),
};
const awsKms = z.strictObject({
  provider: z.literal("aws_kms").describe("A key in AWS KMS; credentials from AWS_…."),
  key_id: keyId,
  kms_key_id: literal.describe("Key id or ARN."),
  region: literal.describe("AWS region."),
});
const gcpKms = z.strictObject({
  provider: z.literal("gcp_kms").describe("A key in Google Cloud KMS."),
  key_id: keyId,
  kms_encryption_key: literal.describe("Resource name, projects/…/cryptoKeys/…."),
});
const openbao = z.strictObject({
  provider: z.literal("openbao").describe("A key of OpenBao's transit engine; token from BAO_TOKEN."),
  key_id: keyId,
  key_name: literal.describe("Name of the transit key."),
  address: z.url().optional().describe("Address of OpenBao. Default: BAO_ADDR."),
});
const off = z.strictObject({
  provider: z.literal("off").describe("No encryption."),
  reason: z.string().trim().min(1).describe("Why the state does not need encryption."),
});

const keyProvider = z.discriminatedUnion("provider", [pbkdf2, awsKms, gcpKms, openbao]);

/** Keys for the apply that changes the encryption key, or encrypts a plain-text state. */
const transition = {
  migrate: z
    .literal("from-plaintext")
    .optional()
    .describe("For the one apply that encrypts an existing plain-text state."),
  previous: keyProvider
    .optional()
    .describe(
      "The key before this one (for pbkdf2 in TF_VAR_state_passphrase_previous), until the next apply.",
    ),
};

const encryption = z.discriminatedUnion("provider", [
  pbkdf2.extend({ ...derivation, ...transition }),
  awsKms.extend(transition),
  gcpKms.extend(transition),
  openbao.extend(transition),
  off,
]);

export const accountId = text(ACCOUNT_ID);
export const bucketName = text(BUCKET_NAME);

export const state = z.strictObject({
  backend: z
    .enum(STATE_BACKENDS)
    .default("r2")
    .describe("Where the state is: R2, the tfstate Worker, or a local file. STATE_BACKEND overrides it."),
  bucket: bucketName.default(DEFAULT_BUCKET).describe("r2: the bucket."),
  key: text(STATE_KEY).default(DEFAULT_STATE_KEY).describe("r2: the object in the bucket."),
  lock: z
    .boolean()
    .default(true)
    .describe(
      "r2: whether an apply locks the state. Without a lock, one of two applies at the same time can lose its resources.",
    ),
  account_id: accountId
    .optional()
    .describe(
      "r2: id of the Cloudflare account. Default: CLOUDFLARE_ACCOUNT_ID; without either, the endpoint is AWS_ENDPOINT_URL_S3.",
    ),
  jurisdiction: z
    .enum(R2_JURISDICTIONS)
    .optional()
    .describe("r2: jurisdiction of the bucket. Default: none."),
  url: stateUrl.optional().describe("worker: address of the state, `https://…/states/<name>`."),
  path: literal.optional().describe("local: path of the file. Default: `terraform.<stack>.tfstate`."),
  encryption: encryption.prefault({ provider: "pbkdf2" }).describe("Encryption of state and plan files."),
});

export const adopt = z.strictObject({
  vms: resourceAddress
    .optional()
    .describe("Address of the VM resource to adopt; its `for_each` keys are the node names."),
  images: z
    .array(
      z.strictObject({
        from: resourceAddress.describe("Address of the download resource, with its key."),
        schematic_id: schematicId.describe("Schematic of that image."),
        secureboot: z.boolean().default(false).describe("Whether it is the Secure Boot image."),
      }),
    )
    .optional()
    .describe("Image downloads to adopt."),
  talos: z
    .strictObject({
      configured_nodes: z
        .array(z.string())
        .default([])
        .describe(
          "Names of the nodes whose machine config a deploy may change. The others are left as they are.",
        ),
    })
    .optional()
    .describe("A Talos that runs already: its secrets are imported with `npm run adopt-talos`, never made."),
});

export type StateInput = z.output<typeof state>;
export type EncryptionInput = z.output<typeof encryption>;
export type KeyProviderInput = z.output<typeof keyProvider>;
