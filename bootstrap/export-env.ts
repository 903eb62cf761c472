import { SECRETS_FILE } from "../domain/secrets";
import type { Variables } from "../secrets/environment";
import type { Changes } from "../secrets/update";
import type { BootstrapSettings } from "./settings";
import type { BootstrapOutputs } from "./stack";

/** The variables that `plan` and `apply` of the other stacks need to reach and decrypt their state. */
export function clientVariables(settings: BootstrapSettings, outputs: BootstrapOutputs): Variables {
  const { state, bootstrap, usesWorker, env } = settings;
  return present({
    CLOUDFLARE_ACCOUNT_ID: bootstrap.accountId,
    AWS_ACCESS_KEY_ID: outputs.s3AccessKeyId,
    AWS_SECRET_ACCESS_KEY: outputs.s3SecretAccessKey,
    ...(usesWorker && workerLogin(env)),
    TF_VAR_state_passphrase: state.encryption.provider === "pbkdf2" ? env.TF_VAR_state_passphrase : undefined,
  });
}

/**
 * What goes into the file of secrets: the key pair that was minted, and what the environment has and the file has not. Of
 * the Worker's users it is the owner alone, since the file belongs to the team.
 */
export function secretsToKeep(
  { state, bootstrap, env }: BootstrapSettings,
  { s3AccessKeyId, s3SecretAccessKey }: Partial<BootstrapOutputs>,
): Changes {
  const owner = env.TF_VAR_tfstate_username && !isHash(env.TF_VAR_tfstate_password);
  return {
    replace: present({ r2_access_key_id: s3AccessKeyId, r2_secret_access_key: s3SecretAccessKey }),
    fill: present({
      cf_account_id: bootstrap.accountId,
      state_passphrase: state.encryption.provider === "pbkdf2" ? env.TF_VAR_state_passphrase : undefined,
      ...(owner && {
        tfstate_username: env.TF_VAR_tfstate_username,
        tfstate_password: env.TF_VAR_tfstate_password,
      }),
    }),
  };
}

const isHash = (password: string | undefined): boolean => password?.startsWith("pbkdf2-") ?? false;

const present = (values: Readonly<Record<string, string | undefined>>): Variables =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])));

/**
 * The user of the Worker that the environment names, else its owner. The owner's password is taken from the variable of
 * the stack, because TF_HTTP_PASSWORD may still have an old one. The hash of a password cannot be used to log in.
 */
function workerLogin(env: NodeJS.ProcessEnv) {
  const { TF_HTTP_USERNAME, TF_HTTP_PASSWORD, TF_VAR_tfstate_username: owner } = env;
  const password = env.TF_VAR_tfstate_password;
  const isOwner = !TF_HTTP_USERNAME || TF_HTTP_USERNAME === owner;
  if (owner && password && isOwner && !isHash(password)) {
    return { TF_HTTP_USERNAME: owner, TF_HTTP_PASSWORD: password };
  }
  return { TF_HTTP_USERNAME, TF_HTTP_PASSWORD };
}

/** Tells the user what to do next. It has names of variables and no values, because terminals keep their output. */
export function instructions(
  { state, bootstrap, clusterFile, name, usesWorker }: BootstrapSettings,
  variables: Variables,
  workerUrl: string | undefined,
  sopsFile: string | undefined,
): string {
  const choice = name === undefined ? "" : ` --cluster ${name}`;
  const toWorker = `state.url ${workerUrl}/states/${name ?? "proxmox"}, then npm run state -- migrate --to worker${choice}`;
  const { expiresOn } = bootstrap.token;
  const lines = [
    "the state backend is ready. plan and apply need these variables, and those of the providers:",
    "",
    ...Object.keys(variables).map((name) => `  ${name}`),
    ...(usesWorker && !variables.TF_HTTP_PASSWORD
      ? ["  TF_HTTP_USERNAME and TF_HTTP_PASSWORD of a user of the Worker, which are not known here"]
      : []),
    "",
    ...(sopsFile === undefined
      ? [
          "on a laptop, for this shell:",
          '  eval "$(npm run -s bootstrap -- env)"',
          `or in a file that is encrypted: npm run secrets -- init, then this again writes them to ${SECRETS_FILE}`,
        ]
      : [`every command reads them from ${sopsFile}, which is encrypted; commit it`]),
    "for GitHub Actions:",
    "  npm run -s bootstrap -- env --format dotenv | gh secret set --env-file -",
    "",
    state.backend === "local"
      ? `${clusterFile} keeps its states in files; to move them: npm run state -- migrate --to r2 (or worker)${choice}`
      : `${clusterFile} keeps its states in ${state.backend}; next: npm run plan${choice && ` --${choice}`}`,
    ...(state.backend === "r2" && workerUrl ? [`to move them to the Worker: set ${toWorker}`] : []),
    ...(workerUrl ? [`the Worker's page: ${workerUrl}/`] : []),
    ...(expiresOn
      ? [
          `the S3 key pair ends on ${expiresOn}: before that, change bootstrap.token.expires_on and run this again`,
        ]
      : []),
  ];
  return lines.join("\n");
}
