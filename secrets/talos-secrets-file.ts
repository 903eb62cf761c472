import { existsSync, rmSync, writeFileSync } from "node:fs";
import { TALOS_SECRETS_FILE } from "../domain/talos-secrets";
import { displayPath } from "../process/display-path";
import { SecretsError } from "./errors";
import { findSopsConfig, secretsPath } from "./secrets-file";
import { decrypt, encrypt, type SopsProps } from "./sops";
import { rotate } from "./update";

/* The secrets of Talos, where they are not in the state. `folder` is that of cluster.yaml. */

const ofTalos = (props: SopsProps): SopsProps => ({ ...props, name: TALOS_SECRETS_FILE });

/** Path of the file, which need not be there. */
export const talosSecretsPath = (folder: string): string => secretsPath(folder, TALOS_SECRETS_FILE);

/**
 * Decrypts the file in memory.
 * @returns its content; undefined if there is no such file
 * @throws SecretsError if it cannot be opened
 */
export async function readTalosSecrets(props: SopsProps): Promise<unknown> {
  if (!existsSync(talosSecretsPath(props.folder))) return undefined;
  return JSON.parse(await decrypt(ofTalos(props), "json"));
}

/** @throws SecretsError if a file is there, or nothing says who could read it */
export function requireNoTalosSecrets(folder: string): void {
  const path = displayPath(talosSecretsPath(folder));
  if (existsSync(talosSecretsPath(folder))) {
    throw new SecretsError(
      `${path} is there already, and nothing was changed: a cluster that was made with it accepts no other secrets. if there is none, remove the file first`,
    );
  }
  if (findSopsConfig(folder) === undefined) {
    throw new SecretsError(
      "there is no .sops.yaml that says who can read the secrets; make it: npm run secrets -- init",
    );
  }
}

/**
 * Encrypts the secrets to a new file, and opens it once: soon it may be the only copy.
 * @param yaml as `talosctl gen secrets` writes them
 * @returns its path
 * @throws SecretsError if a file is there, `.sops.yaml` has no rule for it, or this machine could not open it
 */
export async function writeTalosSecrets(props: SopsProps, yaml: string): Promise<string> {
  requireNoTalosSecrets(props.folder);
  const path = talosSecretsPath(props.folder);
  const encrypted = await encrypt(ofTalos(props), yaml);
  writeFileSync(path, encrypted, { flag: "wx", flush: true });
  try {
    await decrypt(ofTalos(props), "json");
  } catch (error) {
    rmSync(path);
    if (!(error instanceof SecretsError)) throw error;
    throw new SecretsError(`${error.message}; so it was not kept`);
  }
  return path;
}

/** Encrypts the file again, for the recipients in `.sops.yaml`; the secrets stay the same. @returns whether there is one */
export const rotateTalosSecrets = (props: SopsProps): Promise<boolean> => rotate(ofTalos(props));
