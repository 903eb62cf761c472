import { dirname } from "node:path";
import { ConfigError } from "../config";
import { findClusterFiles } from "../config/find-files";
import { TALOS_SECRETS_FILE, TF_VAR_TALOS_SECRETS } from "../domain/talos-secrets";
import { displayPath } from "../process/display-path";
import { SecretsError } from "../secrets/errors";
import type { SopsProps } from "../secrets/sops";
import { readTalosSecrets } from "../secrets/talos-secrets-file";
import { parseSecretsBundle, secretsIn, secretsVariables } from "../talos/secrets-bundle";
import { sopsProps } from "./load-secrets";

/** How sops is run for the secrets of Talos of the chosen cluster. @throws ConfigError if none is chosen */
export const talosSopsProps = (env: NodeJS.ProcessEnv, signal?: AbortSignal): SopsProps => ({
  ...sopsProps(env, signal),
  folder: dirname(findClusterFiles({ clusterConfig: env.CLUSTER_CONFIG }).clusterFile),
});

/** What is said of the file once it was written. */
export const wroteTalosSecrets = (file: string): string =>
  `wrote ${displayPath(file)}; commit it: without it, nobody gets at the cluster`;

export interface LoadTalosSecretsOptions {
  readonly signal?: AbortSignal;
  /** Whether the command can do without: a file that cannot be opened is then reported, and no error. @default false */
  readonly optional?: boolean;
}

/**
 * Puts the secrets of Talos into the environment of this process, where they are out of the state: from {@link TALOS_SECRETS_FILE},
 * unless the variable is set. Called by what works on the cluster, after its cluster is chosen.
 * @throws SecretsError if the file cannot be opened
 */
export async function loadTalosSecrets(
  env: NodeJS.ProcessEnv,
  { signal, optional = false }: LoadTalosSecretsOptions = {},
): Promise<void> {
  if (env[TF_VAR_TALOS_SECRETS]) {
    Object.assign(env, secretsVariables(secretsIn(env)));
    return;
  }
  try {
    const found = await readTalosSecrets(talosSopsProps(env, signal));
    if (found !== undefined) {
      Object.assign(env, secretsVariables(parseSecretsBundle(found, TALOS_SECRETS_FILE)));
    }
  } catch (error) {
    // What is wrong with the cluster's own files is said by what reads them.
    if (error instanceof ConfigError) return;
    if (!optional || !(error instanceof SecretsError)) throw error;
    console.error(`${TALOS_SECRETS_FILE} is not used: ${error.message}`);
  }
}
