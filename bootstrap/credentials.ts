import type { StateLocation } from "../config/state-location";

/** The outputs of the bootstrap stack that are needed here. */
export interface BootstrapOutputs {
  readonly s3AccessKeyId?: string;
  readonly s3SecretAccessKey?: string;
  readonly workerUrl?: string;
}

/** Variables by which OpenTofu and `npm run state` reach a backend. */
export type BackendVariables = Readonly<Record<string, string>>;

/**
 * What a backend may be reached with, the likeliest first. Before an apply, that is what the environment says, then
 * what the stack was given. After it, it is what the stack has made: what was right before may still open the place
 * for some seconds.
 * @param outputs of an apply
 */
export function backendVariables(
  place: StateLocation,
  env: NodeJS.ProcessEnv,
  outputs?: BootstrapOutputs,
): readonly BackendVariables[] {
  switch (place.backend) {
    case "r2":
      return pairs(
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        [outputs?.s3AccessKeyId, outputs?.s3SecretAccessKey],
        [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY],
        // A session token belongs to the pair that it came with.
      ).map((pair) =>
        pair.AWS_ACCESS_KEY_ID === env.AWS_ACCESS_KEY_ID ? pair : { ...pair, AWS_SESSION_TOKEN: "" },
      );
    case "worker": {
      const own = [env.TF_HTTP_USERNAME, env.TF_HTTP_PASSWORD] as const;
      // The Worker may have been given a hash, which opens nothing.
      const given = [
        env.TF_VAR_tfstate_username,
        isHash(env.TF_VAR_tfstate_password) ? undefined : env.TF_VAR_tfstate_password,
      ] as const;
      // Another user has another namespace: the state stays in that of whoever has opened it.
      const isApplied = outputs !== undefined && own[0] === given[0];
      return pairs(["TF_HTTP_USERNAME", "TF_HTTP_PASSWORD"], ...(isApplied ? [given, own] : [own, given]));
    }
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

/** Whether the Worker is given the hash of a password, which opens nothing. */
export const isHash = (password: string | undefined): boolean => password?.startsWith("pbkdf2-") ?? false;
