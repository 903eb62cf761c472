import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { StateConfig } from "../config";

/** Where else the S3 client of OpenTofu finds a key pair, besides the file of the AWS CLI. */
const OTHER_AWS = [
  "AWS_PROFILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
/** Other ways to log in to Proxmox VE, of the provider. */
const OTHER_PROXMOX = ["PROXMOX_VE_AUTH_TICKET", "PROXMOX_VE_USERNAME"];

const has = (env: NodeJS.ProcessEnv, names: readonly string[]) => names.some((name) => env[name]);

/** The variables that a plan of the cluster's stack needs. */
export const neededVariables = (state: StateConfig, env: NodeJS.ProcessEnv): readonly string[] => [
  ...(has(env, OTHER_PROXMOX) ? [] : ["PROXMOX_VE_API_TOKEN"]),
  ...stateVariables(state, env),
];

/** The variables that reading a state needs. */
export function stateVariables(state: StateConfig, env: NodeJS.ProcessEnv): readonly string[] {
  return [
    ...backendVariables(
      state,
      has(env, OTHER_AWS) || existsSync(join(env.HOME ?? homedir(), ".aws/credentials")),
    ),
    // Whoever configures the encryption there may take the key from elsewhere.
    ...(state.encryption.provider === "pbkdf2" && !/\bpassphrase\b/.test(env.TF_ENCRYPTION ?? "")
      ? ["TF_VAR_state_passphrase"]
      : []),
  ];
}

function backendVariables({ backend }: StateConfig, hasOtherAws: boolean): readonly string[] {
  if (backend === "worker") return ["TF_HTTP_USERNAME", "TF_HTTP_PASSWORD"];
  return backend === "r2" && !hasOtherAws ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : [];
}
