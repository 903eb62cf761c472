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
 * What a backend may be reached with, the likeliest first: what the environment says, then what the stack has made.
 * After a change of the credentials, only one of them is right.
 */
export function backendVariables(
  place: StatePlace,
  env: NodeJS.ProcessEnv,
  outputs: BootstrapOutputs = {},
): readonly BackendVariables[] {
  switch (place.backend) {
    case "r2":
      return pairs(
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY],
        [outputs.s3AccessKeyId, outputs.s3SecretAccessKey],
        // A session token belongs to the pair that it came with.
      ).map((pair) =>
        pair.AWS_ACCESS_KEY_ID === env.AWS_ACCESS_KEY_ID ? pair : { ...pair, AWS_SESSION_TOKEN: "" },
      );
    case "worker":
      return pairs(
        ["TF_HTTP_USERNAME", "TF_HTTP_PASSWORD"],
        [env.TF_HTTP_USERNAME, env.TF_HTTP_PASSWORD],
        // The Worker may have been given a hash, which opens nothing.
        [
          env.TF_VAR_tfstate_username,
          isHash(env.TF_VAR_tfstate_password) ? undefined : env.TF_VAR_tfstate_password,
        ],
      );
    case "local":
      return [{}];
  }
}

function pairs(
  [first, second]: readonly [string, string],
  ...values: readonly (readonly [string | undefined, string | undefined])[]
): readonly BackendVariables[] {
  return values.flatMap(([one, other]) => (one && other ? [{ [first]: one, [second]: other }] : []));
}

const isHash = (password: string | undefined): boolean => password?.startsWith("pbkdf2-") ?? false;
