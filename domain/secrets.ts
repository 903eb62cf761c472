/** The file with the secrets of a project, encrypted by sops. */
export const SECRETS_FILE = "secrets.sops.yaml";

/** A secret: its key in {@link SECRETS_FILE}, and the environment variables that take it instead. */
export interface Secret {
  readonly key: string;
  /** Each of them gets the value if it is not set. */
  readonly variables: readonly string[];
  /** What it is, in a few words. */
  readonly what: string;
  /** Few projects need it, so a new file leaves it out. @default false */
  readonly rare?: boolean;
}

/** All secrets that commands read. A row of docs/secrets.md for each. */
export const SECRETS: readonly Secret[] = [
  {
    key: "r2_access_key_id",
    variables: ["AWS_ACCESS_KEY_ID"],
    what: "S3 key pair of the state bucket; npm run bootstrap makes it",
  },
  {
    key: "r2_secret_access_key",
    variables: ["AWS_SECRET_ACCESS_KEY"],
    what: "S3 key pair of the state bucket, its secret half",
  },
  { key: "cf_account_id", variables: ["CLOUDFLARE_ACCOUNT_ID"], what: "id of the Cloudflare account" },
  {
    key: "proxmox_api_token",
    variables: ["PROXMOX_VE_API_TOKEN"],
    what: "API token of Proxmox VE: user@realm!name=secret",
  },
  {
    key: "state_passphrase",
    variables: ["TF_VAR_state_passphrase"],
    what: "what the state is encrypted with; keep a copy: without it no state can be read",
  },
  {
    key: "tfstate_username",
    variables: ["TF_HTTP_USERNAME", "TF_VAR_tfstate_username"],
    what: "owner of the tfstate Worker",
  },
  {
    key: "tfstate_password",
    variables: ["TF_HTTP_PASSWORD", "TF_VAR_tfstate_password"],
    what: "password of the owner of the tfstate Worker",
  },
  {
    key: "cloudflare_api_token",
    variables: ["CLOUDFLARE_API_TOKEN"],
    what: "API token that npm run bootstrap needs, and nothing else",
    rare: true,
  },
  {
    key: "state_passphrase_previous",
    variables: ["TF_VAR_state_passphrase_previous"],
    what: "the passphrase before, while state.encryption.previous is set",
    rare: true,
  },
  {
    key: "tfstate_users",
    variables: ["TF_VAR_tfstate_users"],
    what: "further users of the tfstate Worker, a JSON list",
    rare: true,
  },
  {
    key: "tfstate_psk",
    variables: ["TF_VAR_tfstate_psk"],
    what: "pre-shared key of the tfstate Worker",
    rare: true,
  },
];

/**
 * Variables that belong together: if the environment has one of them, it has to have them all, because a user name from
 * one place and a password from another would be no login.
 */
export const TOGETHER: readonly (readonly string[])[] = [
  ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ["TF_HTTP_USERNAME", "TF_HTTP_PASSWORD"],
  ["TF_VAR_tfstate_username", "TF_VAR_tfstate_password"],
];

/** Both ways to give a secret, for the error of one that is missing: the variable, and the key in the encrypted file. */
export function waysToGive(variable: string): string {
  const secret = SECRETS.find(({ variables }) => variables.includes(variable));
  const way = `export ${variable}`;
  return secret ? `${way}, or put ${secret.key} into ${SECRETS_FILE}: npm run secrets -- edit` : way;
}
