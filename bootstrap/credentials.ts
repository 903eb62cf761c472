import type { StatePlace } from "../config/state-places";

/** The outputs of the bootstrap stack that are needed here. */
export interface BootstrapOutputs {
  readonly s3AccessKeyId?: string;
  readonly s3SecretAccessKey?: string;
  readonly workerUrl?: string;
}

/** Variables by which OpenTofu and `npm run state` reach a backend. */
export type BackendVariables = Readonly<Record<string, string>>;

/**
 * What a backend needs: from the environment, else from what the stack has made.
 * @returns undefined where neither has it
 */
export function backendVariables(
  place: StatePlace,
  env: NodeJS.ProcessEnv,
  outputs: BootstrapOutputs = {},
): BackendVariables | undefined {
  switch (place.backend) {
    case "r2":
      return (
        both(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") ??
        pair(
          ["AWS_ACCESS_KEY_ID", outputs.s3AccessKeyId],
          ["AWS_SECRET_ACCESS_KEY", outputs.s3SecretAccessKey],
        )
      );
    case "worker":
      return (
        both(env, "TF_HTTP_USERNAME", "TF_HTTP_PASSWORD") ??
        pair(
          ["TF_HTTP_USERNAME", env.TF_VAR_tfstate_username],
          // The Worker may have been given a hash, which opens nothing.
          ["TF_HTTP_PASSWORD", isHash(env.TF_VAR_tfstate_password) ? undefined : env.TF_VAR_tfstate_password],
        )
      );
    case "local":
      return {};
  }
}

function both(env: NodeJS.ProcessEnv, ...names: readonly [string, string]): BackendVariables | undefined {
  const [first, second] = names;
  return pair([first, env[first]], [second, env[second]]);
}

function pair(...entries: readonly (readonly [string, string | undefined])[]): BackendVariables | undefined {
  const known = entries.filter((entry): entry is readonly [string, string] => Boolean(entry[1]));
  return known.length === entries.length ? Object.fromEntries(known) : undefined;
}

const isHash = (password: string | undefined): boolean => password?.startsWith("pbkdf2") ?? false;
