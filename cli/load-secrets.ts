import { SECRETS_FILE, waysToGive } from "../domain/secrets";
import { missingVariables } from "../secrets/environment";
import { SecretsError } from "../secrets/errors";
import { secretsFolder } from "../secrets/secrets-file";
import type { SopsProps } from "../secrets/sops";
import { resolveTool } from "../toolchain";

/** How sops is run for the project in the working folder. */
export const sopsProps = (env: NodeJS.ProcessEnv, signal?: AbortSignal): SopsProps => ({
  folder: secretsFolder(env),
  env: { ...env },
  sops: async () => (await resolveTool("sops", { report: console.error, ...(signal && { signal }) })).path,
});

export interface LoadSecretsOptions {
  readonly signal?: AbortSignal;
  /** Only these variables. @default - all that the file has */
  readonly only?: readonly string[];
  /** Whether the command can do without: a file that cannot be opened is then reported, and no error. @default false */
  readonly optional?: boolean;
}

/**
 * Puts the secrets of {@link SECRETS_FILE} into the environment of this process, where a variable is not set. Every command
 * that needs secrets calls this after its cluster is chosen.
 * @throws SecretsError if the file cannot be opened
 */
export async function loadSecrets(
  env: NodeJS.ProcessEnv,
  { signal, only, optional = false }: LoadSecretsOptions = {},
): Promise<void> {
  try {
    Object.assign(env, await missingVariables(sopsProps(env, signal), only));
  } catch (error) {
    if (!optional || !(error instanceof SecretsError)) throw error;
    console.error(`${SECRETS_FILE} is not used: ${error.message}`);
  }
}

/** @throws SecretsError that names each missing variable, and both ways to give it */
export function requireSecrets(variables: readonly string[], env: NodeJS.ProcessEnv): void {
  const missing = variables.filter((name) => !env[name]);
  if (missing.length === 0) return;
  throw new SecretsError(missing.map((name) => `${name} is not set; ${waysToGive(name)}`).join("\n"));
}
