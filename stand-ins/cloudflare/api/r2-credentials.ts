import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { type Account, newId } from "../account";
import { ApiError } from "../api-error";
import { TEMPORARY_PERMISSIONS } from "../model";
import { type ApiEnv, permitted } from "./authorization";
import { readBody, success } from "./envelope";
import { jurisdictionOf } from "./r2-buckets";

const INVALID = 10001;
const MAX_TTL_SECONDS = 7 * 24 * 3600;

const request = z.object({
  bucket: z.string(),
  parentAccessKeyId: z.string(),
  permission: z.enum(TEMPORARY_PERMISSIONS),
  ttlSeconds: z.number().int().min(1).max(MAX_TTL_SECONDS),
  prefixes: z.array(z.string()).default([]),
  objects: z.array(z.string()).default([]),
});

/** Temporary S3 credentials for one bucket. */
export function r2Credentials(account: Account): Hono<ApiEnv> {
  const { tokens, temporaryCredentials } = account.state;
  const app = new Hono<ApiEnv>();
  app.use(permitted(account, "Workers R2 Storage"));

  app.post("/", async (c) => {
    const { bucket, parentAccessKeyId, permission, ttlSeconds, prefixes, objects } = await readBody(
      c,
      request,
      INVALID,
    );
    const { jurisdiction, name } = account.bucket({ jurisdiction: jurisdictionOf(c), name: bucket });
    if (!tokens[parentAccessKeyId]) {
      throw new ApiError(400, INVALID, `parentAccessKeyId: no token has the ID ${parentAccessKeyId}`);
    }
    deleteExpired(temporaryCredentials);
    const accessKeyId = newId();
    const secretAccessKey = randomBytes(32).toString("hex");
    const sessionToken = randomBytes(96).toString("base64");
    temporaryCredentials[accessKeyId] = {
      parentId: parentAccessKeyId,
      secretAccessKey,
      sessionToken,
      bucket: { jurisdiction, name },
      permission,
      prefixes,
      objects,
      expiresAt: Date.now() + ttlSeconds * 1000,
    };
    account.save();
    return success(c, { accessKeyId, secretAccessKey, sessionToken });
  });
  return app;
}

function deleteExpired(credentials: Record<string, { readonly expiresAt: number }>): void {
  for (const [id, { expiresAt }] of Object.entries(credentials)) {
    if (expiresAt <= Date.now()) delete credentials[id];
  }
}
