import { join } from "node:path";
import { type BootstrapConfig, ConfigError, loadFromEnv, type StateConfig } from "../config";
import { type StateLocation, stateLocation } from "../config/state-location";
import { isHash } from "./credentials";

/** What a bootstrap is about: the configuration, and what the environment says. */
export interface BootstrapSetting {
  readonly root: string;
  readonly clusterFile: string;
  readonly bootstrap: BootstrapConfig;
  readonly state: StateConfig;
  /** Where the state of the stack is kept in the end; with the backend `local` it stays in `stateFile`. */
  readonly place?: StateLocation;
  readonly stateFile?: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * @param purpose to read what is there takes fewer variables than to change it
 * @throws ConfigError with everything that is wrong with the configuration
 * @throws Error that lists every variable that is missing
 */
export function loadBootstrapSetting(
  root: string,
  env: NodeJS.ProcessEnv,
  purpose: "read" | "change" = "change",
): BootstrapSetting {
  const { config, clusterFile } = loadFromEnv({ env, exampleFolder: join(root, "examples/six-nodes") });
  const { bootstrap, state } = config;
  if (bootstrap === undefined) {
    throw new ConfigError([
      {
        at: { file: clusterFile },
        text: "no Cloudflare account is known; set state.account_id, or export CLOUDFLARE_ACCOUNT_ID",
      },
    ]);
  }
  if (state.backend === "worker" && bootstrap.worker === undefined) {
    throw new ConfigError([
      {
        at: { file: clusterFile },
        text: "state.backend is worker, but bootstrap.worker.enabled is false; enable it, or use r2",
      },
    ]);
  }
  if (state.encryption.provider === "off") {
    throw new ConfigError([
      {
        at: { file: clusterFile },
        text:
          "state.encryption.provider is off, but bootstrap keeps the Worker's passwords and the token's secret in its " +
          "state; use pbkdf2, aws_kms, gcp_kms or openbao",
      },
    ]);
  }
  const missing = missingVariables(bootstrap, state, env, purpose);
  if (missing.length > 0) {
    throw new Error(
      ["these variables are not set:", ...missing.map(([name, what]) => `  ${name.padEnd(27)}${what}`)].join(
        "\n",
      ),
    );
  }
  const place = stateLocation(state, "bootstrap", process.cwd());
  const kept = place.backend === "local" ? { stateFile: place.path } : { place };
  return { root, clusterFile, bootstrap, state, ...kept, env };
}

/** Which variables the stack needs and the environment does not have, with what to put there. */
function missingVariables(
  { worker }: BootstrapConfig,
  { backend, encryption }: StateConfig,
  env: NodeJS.ProcessEnv,
  purpose: "read" | "change",
): readonly (readonly [string, string])[] {
  const random = (bytes: number) => `for example "$(openssl rand -base64 ${bytes})"`;
  const isChange = purpose === "change";
  const credentials = (isChange && worker?.settings.credentials) || [];
  const opensNothing = !credentials.includes("owner") || isHash(env.TF_VAR_tfstate_password);
  const needsUser = isChange && backend === "worker" && opensNothing;
  const needed: readonly (readonly [string, string, boolean])[] = [
    [
      "CLOUDFLARE_API_TOKEN",
      "a token that may edit Workers Scripts, R2 and account API tokens (docs/bootstrap.md)",
      isChange,
    ],
    [
      "TF_VAR_state_passphrase",
      `${random(32)}; keep it: without it no state can be read`,
      encryption.provider === "pbkdf2",
    ],
    ["TF_VAR_tfstate_username", "the name of the Worker's owner", credentials.includes("owner")],
    ["TF_VAR_tfstate_password", random(24), credentials.includes("owner")],
    ["TF_VAR_tfstate_users", "further users, a JSON list (docs/worker.md)", credentials.includes("users")],
    ["TF_VAR_tfstate_psk", random(24), credentials.includes("psk")],
    [
      "TF_HTTP_USERNAME",
      "a user that the Worker will know: the state moves there under that name",
      needsUser,
    ],
    ["TF_HTTP_PASSWORD", "the password of that user", needsUser],
  ];
  return needed.filter(([name, , isNeeded]) => isNeeded && !env[name]).map(([name, what]) => [name, what]);
}
