import { existsSync } from "node:fs";
import { isMap, parseDocument } from "yaml";
import { writeFileAtomic } from "../process/write-file-atomic";
import type { Variables } from "./environment";
import { readEncryptedFile, secretsPath } from "./secrets-file";
import { decrypt, encrypt, type SopsProps } from "./sops";

/** Values by key. */
export interface Changes {
  /** They replace what the file has. */
  readonly replace: Variables;
  /** They are written where the file has nothing. */
  readonly fill: Variables;
}

/**
 * Encrypts the file as it would be after the changes, so that a mistake in `.sops.yaml` is found before anything is made.
 * @returns undefined if the file would stay as it is
 * @throws SecretsError if the file cannot be opened, or `.sops.yaml` has no rule for it
 */
export async function encryptChanges(props: SopsProps, changes: Changes): Promise<string | undefined> {
  const isThere = readEncryptedFile(props.folder) !== undefined;
  const document = parseDocument(isThere ? await decrypt(props, "yaml") : "{}");
  if (isMap(document.contents)) document.contents.flow = false;
  const entries = [
    ...Object.entries(changes.replace).filter(([key, value]) => document.get(key) !== value),
    ...Object.entries(changes.fill).filter(([key]) => !document.get(key)),
  ];
  if (isThere && entries.length === 0) return undefined;
  for (const [key, value] of entries) document.set(key, value);
  return encrypt(props, String(document));
}

/** Writes an encrypted text to the file. */
export function writeSecrets(folder: string, encrypted: string, name?: string): string {
  const path = secretsPath(folder, name);
  writeFileAtomic(path, encrypted, 0o644);
  return path;
}

/**
 * Encrypts the file again, with another data key, for the recipients in `.sops.yaml`. The secrets stay the same.
 * @returns whether there is a file
 * @throws SecretsError if it cannot be opened, or `.sops.yaml` has no rule for it
 */
export async function rotate(props: SopsProps): Promise<boolean> {
  const { folder, name } = props;
  if (!existsSync(secretsPath(folder, name))) return false;
  writeSecrets(folder, await encrypt(props, await decrypt(props, "yaml")), name);
  return true;
}
