import type { StateLocation } from "../config/state-location";
import { LocalStore } from "./local-store";
import { StateError } from "./problem";
import { R2Client, type R2Credentials } from "./r2-client";
import { R2Store } from "./r2-store";
import type { StateStore } from "./store";
import { WorkerStore } from "./worker-store";

/** The variables that a backend takes its credentials from; `process.env` fits. */
export interface StoreEnvironment {
  readonly AWS_ACCESS_KEY_ID?: string;
  readonly AWS_SECRET_ACCESS_KEY?: string;
  readonly AWS_SESSION_TOKEN?: string;
  /** Wins over the endpoint of the configuration's account, as in `main.ts`. */
  readonly AWS_ENDPOINT_URL_S3?: string;
  readonly TF_HTTP_USERNAME?: string;
  readonly TF_HTTP_PASSWORD?: string;
}

/** @throws StateError where a credential is missing */
export function openStore(place: StateLocation, env: StoreEnvironment): StateStore {
  switch (place.backend) {
    case "r2": {
      const endpoint =
        env.AWS_ENDPOINT_URL_S3 ||
        place.endpoint ||
        need(env, "AWS_ENDPOINT_URL_S3", "or give state.account_id");
      const client = new R2Client(endpoint, place.bucket, r2Credentials(env));
      return new R2Store(client, place.bucket, place.key);
    }
    case "worker":
      return new WorkerStore(place.url, {
        username: need(env, "TF_HTTP_USERNAME"),
        password: need(env, "TF_HTTP_PASSWORD"),
      });
    case "local":
      return new LocalStore(place.path);
  }
}

function r2Credentials(env: StoreEnvironment): R2Credentials {
  return {
    accessKeyId: need(env, "AWS_ACCESS_KEY_ID"),
    secretAccessKey: need(env, "AWS_SECRET_ACCESS_KEY"),
    sessionToken: env.AWS_SESSION_TOKEN || undefined,
  };
}

function need(env: StoreEnvironment, name: keyof StoreEnvironment, or = ""): string {
  const value = env[name];
  if (value) return value;
  throw new StateError(`${name} is not set`, ["export it", or].filter(Boolean).join(", "));
}
