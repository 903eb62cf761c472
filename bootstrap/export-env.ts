import { displayPath } from "../process/display-path";
import { exportLine } from "../process/export-line";
import type { BootstrapSettings } from "./settings";
import type { BootstrapOutputs } from "./stack";

/** Variables with their values, for a laptop or CI. */
export type Variables = Readonly<Record<string, string>>;

/** Everything that `plan` and `apply` of the other stacks need for their state. */
export function clientVariables(settings: BootstrapSettings, outputs: BootstrapOutputs): Variables {
  const { state, bootstrap, env } = settings;
  const entries = {
    CLOUDFLARE_ACCOUNT_ID: bootstrap.accountId,
    AWS_ACCESS_KEY_ID: outputs.s3AccessKeyId,
    AWS_SECRET_ACCESS_KEY: outputs.s3SecretAccessKey,
    ...(state.backend === "worker" && workerLogin(env)),
    TF_VAR_state_passphrase: state.encryption.provider === "pbkdf2" ? env.TF_VAR_state_passphrase : undefined,
  };
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

/**
 * The user of the Worker that the environment names; else its owner. The owner's password is the one that the Worker was
 * given: the client's own variable may still have the one before. A hash of a password opens nothing.
 */
function workerLogin(env: NodeJS.ProcessEnv) {
  const { TF_HTTP_USERNAME, TF_HTTP_PASSWORD, TF_VAR_tfstate_username: owner } = env;
  const password = env.TF_VAR_tfstate_password;
  const isOwner = !TF_HTTP_USERNAME || TF_HTTP_USERNAME === owner;
  if (owner && password && isOwner && !password.startsWith("pbkdf2-")) {
    return { TF_HTTP_USERNAME: owner, TF_HTTP_PASSWORD: password };
  }
  return { TF_HTTP_USERNAME, TF_HTTP_PASSWORD };
}

export const formats = ["shell", "dotenv"] as const;
export type Format = (typeof formats)[number];

/** The variables for `eval`, or as the lines that `sops`, `gh secret set --env-file` and others read. */
export function format(variables: Variables, as: Format): string {
  const line = ([name, value]: readonly [string, string]) =>
    as === "shell" ? exportLine(name, value) : `${name}=${dotenvValue(name, value)}`;
  return Object.entries(variables).map(line).join("\n");
}

/** @throws where the form cannot hold the value: sops knows no quotes, and others want them */
function dotenvValue(name: string, value: string): string {
  if (/[\n\r'"#\\\s$]/.test(value)) {
    throw new Error(
      `the value of ${name} has a blank, a quote, #, $ or \\ in it, which dotenv files disagree about; choose ` +
        "another value, or use `npm run -s bootstrap -- env` with its own format",
    );
  }
  return value;
}

/** What to put where: by name only, since a terminal keeps what it has shown. */
export function instructions(
  { state, bootstrap, clusterFile }: BootstrapSettings,
  variables: Variables,
  workerUrl: string | undefined,
  sopsFile: string | undefined,
): string {
  const toWorker = `state.url ${workerUrl}/states/proxmox, and npm run state -- migrate --to worker`;
  const { expiresOn } = bootstrap.token;
  const lines = [
    "the state backend is ready. its clients need, besides what the providers need:",
    "",
    ...Object.keys(variables).map((name) => `  ${name}`),
    ...(state.backend === "worker" && !variables.TF_HTTP_PASSWORD
      ? ["  TF_HTTP_USERNAME and TF_HTTP_PASSWORD of a user of the Worker, which are not known here"]
      : []),
    "",
    "on a laptop, for this shell:",
    '  eval "$(npm run -s bootstrap -- env)"',
    "for GitHub Actions:",
    "  npm run -s bootstrap -- env --format dotenv | gh secret set --env-file -",
    sopsFile === undefined
      ? "for sops: none is configured here; with a .sops.yaml, this command writes secrets/state.sops.env"
      : `for sops: it is in ${displayPath(sopsFile)}; sops exec-env ${displayPath(sopsFile)} 'npm run plan'`,
    "",
    state.backend === "local"
      ? `${clusterFile} keeps its states in files: npm run state -- migrate --to r2 or worker moves them there`
      : `${clusterFile} keeps its states in ${state.backend}: npm run plan`,
    ...(state.backend === "r2" && workerUrl ? [`to keep them at the Worker: ${toWorker}`] : []),
    ...(workerUrl ? [`the Worker's page: ${workerUrl}/`] : []),
    ...(expiresOn
      ? [`the S3 key pair ends on ${expiresOn}: change bootstrap.token.expires_on before, and run this again`]
      : []),
  ];
  return lines.join("\n");
}
