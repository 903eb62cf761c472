import { z } from "zod";
import type { StateLocation } from "../config/state-location";
import { historyFolder, lockKey } from "../domain/state-objects";
import { CloudflareApi } from "./cloudflare-api";
import { StateError } from "./problem";

/** What a mint of credentials needs from the environment. */
export interface MintEnvironment {
  readonly CLOUDFLARE_API_TOKEN?: string;
  /** `…/client/v4` of another API. */
  readonly CLOUDFLARE_BASE_URL?: string;
  /** The key that the credentials are derived from, and can do no more than. */
  readonly AWS_ACCESS_KEY_ID?: string;
}

export interface MintProps {
  readonly accountId: string;
  readonly jurisdiction?: string;
  /** In one bucket. */
  readonly places: readonly Extract<StateLocation, { readonly backend: "r2" }>[];
  readonly ttlSeconds: number;
  readonly readOnly: boolean;
}

export interface TemporaryCredentials {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly AWS_SESSION_TOKEN: string;
}

/** Of the API. */
const MAX_TTL_SECONDS = 7 * 24 * 60 * 60;
const answer = z.object({
  result: z.object({ accessKeyId: z.string(), secretAccessKey: z.string(), sessionToken: z.string() }),
});

/**
 * Credentials for some hours and for these states alone: the objects, their locks and their copies.
 *
 * @see https://developers.cloudflare.com/r2/api/s3/temporary-credentials/
 */
export async function mintCredentials(
  { accountId, jurisdiction, places, ttlSeconds, readOnly }: MintProps,
  env: MintEnvironment,
): Promise<TemporaryCredentials> {
  const [first] = places;
  if (!first) throw new StateError("there is no state to give access to", "name a stack");
  const parentAccessKeyId = need(env, "AWS_ACCESS_KEY_ID", "the key that they are derived from");
  const token = need(env, "CLOUDFLARE_API_TOKEN", "the API token that mints them");
  const api = new CloudflareApi({
    accountId,
    jurisdiction,
    token,
    baseUrl: env.CLOUDFLARE_BASE_URL,
    fix: "check CLOUDFLARE_API_TOKEN, the account, the bucket, and that AWS_ACCESS_KEY_ID may do what is asked",
  });
  const wanted = {
    bucket: first.bucket,
    parentAccessKeyId,
    permission: readOnly ? "object-read-only" : "object-read-write",
    ttlSeconds,
    // What is in either list is allowed. The key is no prefix: that of another state may begin with it.
    objects: places.flatMap(({ key }) => [key, lockKey(key)]),
    prefixes: places.map(({ key }) => historyFolder(key)),
  };
  const { result } = await api.post("/r2/temp-access-credentials", wanted, answer);
  return {
    AWS_ACCESS_KEY_ID: result.accessKeyId,
    AWS_SECRET_ACCESS_KEY: result.secretAccessKey,
    AWS_SESSION_TOKEN: result.sessionToken,
  };
}

/** `90s`, `30m`, `12h` or `7d`, in seconds. @throws StateError for anything else, and beyond what the API gives */
export function parseTtl(text: string): number {
  const [, number, unit = "s"] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
  if (seconds > 0 && seconds <= MAX_TTL_SECONDS) return seconds;
  throw new StateError(`--ttl ${text} is not a time of 1s to 7d`, "write it like 30m or 1h");
}

function need(env: MintEnvironment, name: keyof MintEnvironment, what: string): string {
  const value = env[name];
  if (value) return value;
  throw new StateError(`${name} is not set: ${what}`, "export it");
}
