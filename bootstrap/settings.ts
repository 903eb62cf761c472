import { dirname, resolve } from "node:path";
import {
  type BootstrapConfig,
  ConfigError,
  type LoadedFromEnv,
  loadClusters,
  type StateConfig,
} from "../config";
import { type StateLocation, stateLocation } from "../config/state-location";
import { SECRETS, SECRETS_FILE } from "../domain/secrets";
import { plainVariables } from "../domain/tfstate-worker-variables";
import type { AuthEnvironment } from "../worker/src/auth/settings";
import { configurationDefects } from "../worker/src/configuration";

/** The configuration and the environment of a bootstrap. */
export interface BootstrapSettings {
  /** Of several clusters, that of the one whose file describes the bootstrap. */
  readonly clusterFile: string;
  /** The folder of that file; of several clusters, the one that `clusters/` is in. */
  readonly folder: string;
  /** The name of that cluster. @default - it is the only one */
  readonly name?: string;
  /** Identifies the cluster in the marker: its name and the address of its API. */
  readonly cluster: string;
  /** The clusters that share the bootstrap, `cluster` too: the marker may name any of them. */
  readonly clusters: readonly string[];
  /** Whether one of them has its state at the Worker. */
  readonly usesWorker: boolean;
  readonly bootstrap: BootstrapConfig;
  readonly state: StateConfig;
  /** Where the state of the bootstrap stack is. */
  readonly location: StateLocation;
  readonly env: NodeJS.ProcessEnv;
}

/** `read` only prints outputs, so it needs fewer variables than `change`. */
type Purpose = "read" | "change";

/**
 * @throws ConfigError with everything that is wrong with the configuration
 * @throws Error that lists every variable that is missing
 */
export function loadBootstrapSettings(
  env: NodeJS.ProcessEnv,
  purpose: Purpose = "change",
): BootstrapSettings {
  const { all, bootstrapOwner } = loadClusters({ env });
  const { config, clusterFile, name } = bootstrapOwner;
  const { bootstrap, state } = config;
  const refuse = (text: string) => new ConfigError([{ at: { file: clusterFile }, text }]);
  if (bootstrap === undefined) {
    throw refuse("no Cloudflare account id is set; set state.account_id, or export CLOUDFLARE_ACCOUNT_ID");
  }
  const usesWorker = all.some((each) => each.config.state.backend === "worker");
  if (usesWorker && bootstrap.worker === undefined) {
    throw refuse("state.backend is worker, but bootstrap.worker.enabled is false; enable it, or use r2");
  }
  if (state.encryption.provider === "off") {
    throw refuse(
      "state.encryption.provider is off, but the state of the bootstrap stack holds the Worker's passwords and the " +
        "token's secret; use pbkdf2, aws_kms, gcp_kms or openbao",
    );
  }
  const missing = missingVariables(bootstrap, state, env, purpose);
  if (missing.length > 0) {
    const lines = missing.map(([name, what]) => `  ${name.padEnd(27)}${what}`);
    throw new Error(
      ["these variables are not set:", ...lines, waysToGiveAll(missing.map(([name]) => name))].join("\n"),
    );
  }
  const defects = purpose === "change" ? workerDefects(bootstrap, env) : [];
  if (defects.length > 0) {
    const lines = defects.map((each) => `  ${each.replaceAll("\n", "\n  ")}`);
    throw new Error(
      ["the Worker would be locked with these variables; nothing was changed:", ...lines].join("\n"),
    );
  }
  return {
    clusterFile,
    folder: resolve(dirname(clusterFile), name === undefined ? "." : "../.."),
    name,
    cluster: identityOf(bootstrapOwner),
    clusters: all.map(identityOf),
    usesWorker,
    bootstrap,
    state,
    location: stateLocation(state, "bootstrap", process.cwd()),
    env,
  };
}

function identityOf({ config }: LoadedFromEnv): string {
  return `${config.clusterName} (${config.network.vip})`;
}

/** What the Worker would find wrong with its variables: TFSTATE_PASSWORD is TF_VAR_tfstate_password here, and so on. */
function workerDefects({ worker }: BootstrapConfig, env: NodeJS.ProcessEnv): readonly string[] {
  if (worker === undefined) return [];
  const { credentials } = worker.settings;
  const secrets: AuthEnvironment = {
    ...(credentials.includes("owner") && {
      TFSTATE_USERNAME: env.TF_VAR_tfstate_username,
      TFSTATE_PASSWORD: env.TF_VAR_tfstate_password,
    }),
    ...(credentials.includes("users") && { TFSTATE_USERS: env.TF_VAR_tfstate_users }),
    ...(credentials.includes("psk") && { TFSTATE_PSK: env.TF_VAR_tfstate_psk }),
  };
  return configurationDefects({ ...plainVariables(worker.settings, worker.domain?.hostname), ...secrets });
}

function waysToGiveAll(variables: readonly string[]): string {
  const keys = SECRETS.filter((secret) => secret.variables.some((each) => variables.includes(each)));
  const names = keys.map(({ key }) => key).join(", ");
  return `export them, or put ${names} into ${SECRETS_FILE}: npm run secrets -- edit`;
}

/** The variables that are needed and not set, each with a hint for its value. */
function missingVariables(
  { worker }: BootstrapConfig,
  { encryption }: StateConfig,
  env: NodeJS.ProcessEnv,
  purpose: Purpose,
): readonly (readonly [string, string])[] {
  const random = (bytes: number) => `for example "$(openssl rand -base64 ${bytes})"`;
  const isChange = purpose === "change";
  const credentials = (isChange && worker?.settings.credentials) || [];
  const hasKeyPair = env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY;
  const needed: readonly (readonly [string, string, boolean])[] = [
    isChange
      ? [
          "CLOUDFLARE_API_TOKEN",
          "an account token that may edit Workers Scripts, R2 and account API tokens (docs/bootstrap.md)",
          true,
        ]
      : [
          "CLOUDFLARE_API_TOKEN",
          "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the key pair of the bucket",
          !hasKeyPair,
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
  ];
  return needed.filter(([name, , isNeeded]) => isNeeded && !env[name]).map(([name, what]) => [name, what]);
}
