import type { BootstrapConfig } from "../config";
import { displayPath } from "../process/display-path";
import type { BootstrapOutputs } from "./credentials";
import type { BootstrapSetting } from "./setting";

/** Variables with their values, for a laptop or CI. */
export type HandedOver = Readonly<Record<string, string>>;

/** Everything that `plan` and `apply` of the other stacks need for their state. */
export function handedOver(
  { state, bootstrap, env }: BootstrapSetting,
  outputs: BootstrapOutputs,
  variables: Readonly<Record<string, string>>,
): HandedOver {
  const s3 = outputs.s3AccessKeyId && {
    AWS_ACCESS_KEY_ID: outputs.s3AccessKeyId,
    AWS_SECRET_ACCESS_KEY: outputs.s3SecretAccessKey,
    AWS_SESSION_TOKEN: undefined,
  };
  const entries = {
    CLOUDFLARE_ACCOUNT_ID: bootstrap.accountId,
    ...variables,
    // Not the pair that the environment may have had: that can be a person's own, or end soon.
    ...s3,
    TF_VAR_state_passphrase: state.encryption.provider === "pbkdf2" ? env.TF_VAR_state_passphrase : undefined,
  };
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

export const formats = ["shell", "dotenv"] as const;
export type Format = (typeof formats)[number];

/** The variables for `eval`, or as the lines that `sops`, `gh secret set --env-file` and others read. */
export function format(variables: HandedOver, as: Format): string {
  const line = ([name, value]: readonly [string, string]) =>
    as === "shell"
      ? `export ${name}='${value.replaceAll("'", "'\\''")}'`
      : `${name}=${dotenvValue(name, value)}`;
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
  setting: BootstrapSetting,
  variables: HandedOver,
  workerUrl: string | undefined,
  sopsFile: string | undefined,
): string {
  const names = Object.keys(variables);
  const lines = [
    "the state backend is ready. its clients need, besides what the providers need:",
    "",
    ...names.map((name) => `  ${name}`),
    "",
    "on a laptop, for this shell:",
    '  eval "$(npm run -s bootstrap -- env)"',
    "for GitHub Actions:",
    "  npm run -s bootstrap -- env --format dotenv | gh secret set --env-file -",
    sopsFile === undefined
      ? "for sops: none is configured here; with a .sops.yaml, this command writes secrets/state.sops.env"
      : `for sops: it is in ${displayPath(sopsFile)}; sops exec-env ${displayPath(sopsFile)} 'npm run plan'`,
    "",
    ...cluster(setting, workerUrl),
    ...(workerUrl ? [`the Worker's page: ${workerUrl}/`] : []),
    ...expiry(setting.bootstrap),
  ];
  return lines.join("\n");
}

function cluster({ state, clusterFile }: BootstrapSetting, workerUrl: string | undefined): readonly string[] {
  if (state.backend === "local") {
    return [
      `${clusterFile} keeps its states in files: npm run state -- migrate --to r2 or worker moves them there`,
    ];
  }
  const other = state.backend === "r2" && workerUrl;
  return [
    `${clusterFile} keeps its states in ${state.backend}: npm run plan`,
    ...(other
      ? [
          `to keep them at the Worker: state.url ${workerUrl}/states/proxmox, and npm run state -- migrate --to worker`,
        ]
      : []),
  ];
}

const expiry = ({ token: { expiresOn } }: BootstrapConfig): readonly string[] =>
  expiresOn
    ? [`the S3 key pair ends on ${expiresOn}: change bootstrap.token.expires_on before, and run this again`]
    : [];
