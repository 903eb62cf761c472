import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { SecretsBundle } from "../domain/talos-secrets";
import { runGroup, tail } from "../process/process-group";
import { resolveTool } from "../toolchain";
import { TalosError } from "./errors";
import { parseSecretsBundle } from "./secrets-bundle";

export interface SecretsFileProps {
  /** What the user has: see {@link plainSecrets}. */
  readonly file: string;
  /** A folder that only this user can read. */
  readonly privateFolder: string;
  /** Absolute path of talosctl. */
  readonly talosctl: string;
  /** PATH, and the variables that tell sops where its keys are. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Shows that sops is built, where it is. */
  readonly report: (line: string) => void;
}

/** The secrets of a cluster, as `talosctl gen secrets` writes them. */
export interface PlainSecrets {
  /** A file in the private folder. */
  readonly path: string;
  readonly bundle: SecretsBundle;
}

const FORMS =
  "give a file of talosctl gen secrets (secrets.yaml), talhelper's talsecret.yaml, either of them encrypted with sops, or the machine config of a control plane";

/**
 * Makes of what the user has a file that the provider can import: a `secrets.yaml` of talosctl or talhelper, also one that sops has
 * encrypted, or the machine config of a control plane.
 * @throws TalosError if it is none of them
 */
export async function plainSecrets(props: SecretsFileProps): Promise<PlainSecrets> {
  const { file, privateFolder } = props;
  const given = await decrypted(read(file), props);
  const path = join(privateFolder, "secrets.yaml");
  if (isMachineConfig(given)) await extractSecrets(given, path, props);
  else writeFileSync(path, given, { mode: 0o600 });
  const parsed = firstDocument(readFileSync(path, "utf8"), file);
  try {
    return { path, bundle: parseSecretsBundle(parsed, file) };
  } catch (error) {
    throw new TalosError(`${(error as Error).message}; ${FORMS}`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TalosError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function firstDocument(yaml: string, file: string): unknown {
  const [document] = parseAllDocuments(yaml);
  if (document === undefined || document.errors.length > 0) {
    // Not the message of the parser: it quotes the line, and what is in it is secret.
    throw new TalosError(`${file} is not YAML; ${FORMS}`);
  }
  return document.toJS();
}

const hasKey = (value: unknown, key: string): boolean =>
  typeof value === "object" && value !== null && key in value;

const isMachineConfig = (yaml: string): boolean =>
  parseAllDocuments(yaml).some((document) => hasKey(document.toJS(), "machine"));

/** What sops has encrypted is decrypted in memory. */
async function decrypted(given: string, { file, env, signal, report }: SecretsFileProps): Promise<string> {
  if (!hasKey(firstDocument(given, file), "sops")) return given;
  const { path } = await resolveTool("sops", { env, signal, report });
  const run = await runGroup(path, ["decrypt", "--input-type", "yaml", "--output-type", "yaml", file], {
    env,
    signal,
  });
  if (run.exitCode === 0) return run.stdout;
  throw new TalosError(`sops cannot decrypt ${file}:\n${tail(run.stderr, 10)}`);
}

async function extractSecrets(
  config: string,
  path: string,
  { file, privateFolder, talosctl, env, signal }: SecretsFileProps,
): Promise<void> {
  const copy = join(privateFolder, "machine-config.yaml");
  writeFileSync(copy, config, { mode: 0o600 });
  const args = ["gen", "secrets", "--from-controlplane-config", copy, "--output-file", path];
  const { exitCode, stderr } = await runGroup(talosctl, args, { env, signal });
  if (exitCode === 0) return;
  throw new TalosError(
    `${file} is a machine config that talosctl finds no secrets in; name that of a control plane. talosctl said: ${tail(stderr, 3)}`,
  );
}
