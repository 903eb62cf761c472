import type { StateLocation } from "../config/state-location";
import { LocalStore } from "./local-store";
import { R2Client, type R2Credentials } from "./r2-client";
import { R2Store } from "./r2-store";
import { requireVariable } from "./require-variable";
import type { StateStore } from "./store";
import { WorkerStore } from "./worker-store";

/** The variables that hold the credentials of the backends; `process.env` fits. */
export interface StoreEnvironment {
  readonly AWS_ACCESS_KEY_ID?: string;
  readonly AWS_SECRET_ACCESS_KEY?: string;
  readonly AWS_SESSION_TOKEN?: string;
  /** Wins over the endpoint of the configuration's account, as in `main.ts`. */
  readonly AWS_ENDPOINT_URL_S3?: string;
  readonly TF_HTTP_USERNAME?: string;
  readonly TF_HTTP_PASSWORD?: string;
}

/** The store of one state, with the credentials of the environment. @throws StateError if one is missing */
export function openStore(location: StateLocation, env: StoreEnvironment): StateStore {
  switch (location.backend) {
    case "r2":
      return new R2Store(openBucket(location, env), location.bucket, location.key);
    case "worker":
      return new WorkerStore(location.url, {
        username: requireVariable(env, "TF_HTTP_USERNAME"),
        password: requireVariable(env, "TF_HTTP_PASSWORD"),
      });
    case "local":
      return new LocalStore(location.path);
  }
}

/** A bucket, with the credentials of the environment. @throws StateError if one is missing */
export function openBucket(
  { bucket, endpoint }: { readonly bucket: string; readonly endpoint?: string },
  env: StoreEnvironment,
): R2Client {
  const at =
    env.AWS_ENDPOINT_URL_S3 ||
    endpoint ||
    requireVariable(env, "AWS_ENDPOINT_URL_S3", { or: "set state.account_id" });
  return new R2Client(at, bucket, r2Credentials(env));
}

function r2Credentials(env: StoreEnvironment): R2Credentials {
  return {
    accessKeyId: requireVariable(env, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: requireVariable(env, "AWS_SECRET_ACCESS_KEY"),
    sessionToken: env.AWS_SESSION_TOKEN || undefined,
  };
}
