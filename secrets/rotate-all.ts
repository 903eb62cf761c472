import { SecretsError } from "./errors";
import { secretsPath } from "./secrets-file";
import type { SopsProps } from "./sops";
import { rotateTalosSecrets, talosSecretsPath } from "./talos-secrets-file";
import { rotate } from "./update";

/**
 * Encrypts all files with secrets anew, for the recipients in `.sops.yaml`. Whoever gives all else by variables has only those of Talos.
 * @param clusterFolders of the clusters, each of which may have secrets of Talos
 * @returns their paths
 * @throws SecretsError if there is none, or one cannot be opened
 */
export async function rotateAll(
  props: SopsProps,
  clusterFolders: readonly string[],
): Promise<readonly string[]> {
  const rotated: string[] = [];
  if (await rotate(props)) rotated.push(secretsPath(props.folder));
  for (const folder of clusterFolders) {
    if (await rotateTalosSecrets({ ...props, folder })) rotated.push(talosSecretsPath(folder));
  }
  if (rotated.length > 0) return rotated;
  throw new SecretsError(
    `there is nothing to rotate: ${secretsPath(props.folder)} does not exist, nor a file with secrets of Talos; make it: npm run secrets -- init`,
  );
}
