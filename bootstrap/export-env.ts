import { displayPath } from "../process/display-path";
import { exportLine } from "../process/export-line";
import type { BootstrapSettings } from "./settings";
import type { BootstrapOutputs } from "./stack";

/** Environment variables with their values. */
export type Variables = Readonly<Record<string, string>>;

/** The variables that `plan` and `apply` of the other stacks need to reach and decrypt their state. */
export function clientVariables(settings: BootstrapSettings, outputs: BootstrapOutputs): Variables {
  const { state, bootstrap, usesWorker, env } = settings;
  const entries = {
    CLOUDFLARE_ACCOUNT_ID: bootstrap.accountId,
    AWS_ACCESS_KEY_ID: outputs.s3AccessKeyId,
    AWS_SECRET_ACCESS_KEY: outputs.s3SecretAccessKey,
    ...(usesWorker && workerLogin(env)),
    TF_VAR_state_passphrase: state.encryption.provider === "pbkdf2" ? env.TF_VAR_state_passphrase : undefined,
  };
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

/**
 * The user of the Worker that the environment names, else its owner. The owner's password is taken from the variable of
 * the stack, because TF_HTTP_PASSWORD may still have an old one. The hash of a password cannot be used to log in.
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

/** The variables as shell commands for `eval`, or as a dotenv file for `sops` and `gh secret set --env-file`. */
export function format(variables: Variables, as: Format): string {
  const line = ([name, value]: readonly [string, string]) =>
    as === "shell" ? exportLine(name, value) : `${name}=${dotenvValue(name, value)}`;
  return Object.entries(variables).map(line).join("\n");
}

/** @throws if the value would need quotes: sops keeps them as part of the value, other programs need them */
function dotenvValue(name: string, value: string): string {
  if (/[\n\r'"#\\\s$]/.test(value)) {
    throw new Error(
      `the value of ${name} has a blank, a quote, #, $ or \\ in it, which programs read differently in a dotenv file; ` +
        "choose another value, or use `npm run -s bootstrap -- env`, which prints shell commands",
    );
  }
  return value;
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
    "the state backend is ready. plan and apply need these variables, besides those of the providers:",
    "",
    ...Object.keys(variables).map((name) => `  ${name}`),
    ...(usesWorker && !variables.TF_HTTP_PASSWORD
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
