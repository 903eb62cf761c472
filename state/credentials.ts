import { z } from "zod";
import { type StackName, stackNames, stateLocation } from "../config/state-location";
import { historyFolder, lockKey } from "../domain/state-objects";
import { CloudflareApi } from "./cloudflare-api";
import { StateError } from "./errors";
import type { Project } from "./project";
import { requireVariable } from "./require-variable";

export interface MintProps {
  /** The credentials open the state of this stack alone. @default - those of all stacks */
  readonly stack?: StackName;
  readonly ttlSeconds: number;
  readonly readOnly: boolean;
}

export interface TemporaryCredentials {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly AWS_SESSION_TOKEN: string;
}

/** The API gives no more. */
const MAX_TTL_SECONDS = 7 * 24 * 60 * 60;
const answer = z.object({
  result: z.object({ accessKeyId: z.string(), secretAccessKey: z.string(), sessionToken: z.string() }),
});

/**
 * Mints R2 credentials that end by themselves and reach the selected states alone, with their locks and versions. They
 * are derived from the S3 key in AWS_ACCESS_KEY_ID, and can do no more than it.
 *
 * @see https://developers.cloudflare.com/r2/api/s3/temporary-credentials/
 * @throws StateError if a variable or the account is missing, or Cloudflare refuses
 */
export async function mintCredentials(
  { config, folder, env }: Project,
  { stack, ttlSeconds, readOnly }: MintProps,
): Promise<TemporaryCredentials> {
  const { accountId, jurisdiction, bucket } = config;
  if (!accountId) throw new StateError("the Cloudflare account is not known", "export CLOUDFLARE_ACCOUNT_ID");
  const places = (stack ? [stack] : stackNames).flatMap((each) => {
    const place = stateLocation({ ...config, backend: "r2" }, each, folder);
    return place.backend === "r2" ? [place] : [];
  });
  const parentAccessKeyId = requireVariable(env, "AWS_ACCESS_KEY_ID", {
    what: "the key that the credentials are derived from",
  });
  const api = new CloudflareApi({
    accountId,
    jurisdiction,
    token: requireVariable(env, "CLOUDFLARE_API_TOKEN", { what: "the API token that mints them" }),
    baseUrl: env.CLOUDFLARE_BASE_URL,
    fix: "check CLOUDFLARE_API_TOKEN, the account, the bucket, and that AWS_ACCESS_KEY_ID may do what is asked",
  });
  const request = {
    bucket,
    parentAccessKeyId,
    permission: readOnly ? "object-read-only" : "object-read-write",
    ttlSeconds,
    // R2 allows what is in either list. A key is given exactly: as a prefix, it would open keys that begin with it.
    objects: places.flatMap(({ key }) => [key, lockKey(key)]),
    prefixes: places.map(({ key }) => historyFolder(key)),
  };
  const { result } = await api.post("/r2/temp-access-credentials", request, answer);
  return {
    AWS_ACCESS_KEY_ID: result.accessKeyId,
    AWS_SECRET_ACCESS_KEY: result.secretAccessKey,
    AWS_SESSION_TOKEN: result.sessionToken,
  };
}

/** Seconds of `90s`, `30m`, `12h` or `7d`. @throws StateError for anything else, and for more than 7 days */
export function parseTtl(text: string): number {
  const [, number, unit = "s"] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
  if (seconds > 0 && seconds <= MAX_TTL_SECONDS) return seconds;
  throw new StateError(`--ttl ${text} is not a time from 1s to 7d`, "write it as 30m or 1h");
}
