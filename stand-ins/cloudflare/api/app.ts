import { Hono } from "hono";
import { ApiError } from "../api-error";
import type { Schedules } from "../runtime/schedules";
import type { Deployments } from "../workers/deployments";
import { type ApiEnv, authenticated } from "./authorization";
import { failure, success } from "./envelope";
import { type R2BucketsParts, r2Buckets } from "./r2-buckets";
import { r2Credentials } from "./r2-credentials";
import { accountTokens, verification } from "./tokens";
import { workersDomains } from "./workers-domains";
import { workersScripts } from "./workers-scripts";

export const API_PREFIX = "/client/v4";

const INVALID_TOKEN = { code: 1000, message: "Invalid API Token" };

export interface ApiParts extends R2BucketsParts {
  readonly deployments: Deployments;
  readonly schedules: Schedules;
  /** For what is our own mistake. */
  readonly log: (line: string) => void;
}

/** Cloudflare's API, as far as this project calls it. */
export function cloudflareApi(parts: ApiParts): Hono<ApiEnv> {
  const { account, deployments, schedules, log } = parts;
  const own = new Hono<ApiEnv>();
  own.use("*", async (c, next) => {
    if (c.req.param("account") !== account.state.id) throw new ApiError(403, 10000, "Authentication error");
    await next();
  });
  own.route("/r2/buckets", r2Buckets(parts));
  own.route("/r2/temp-access-credentials", r2Credentials(account));
  own.route("/workers/domains", workersDomains(account));
  own.route("/workers", workersScripts(account, deployments, schedules));
  own.route("/tokens", accountTokens(account));

  const api = new Hono<ApiEnv>().basePath(API_PREFIX);
  api.use("/user/tokens/verify", authenticated(account, INVALID_TOKEN));
  api.use("/accounts/:account/tokens/verify", authenticated(account, INVALID_TOKEN));
  api.use("*", authenticated(account));
  api.get("/user/tokens/verify", (c) => success(c, verification(c.get("token"))));
  api.route("/accounts/:account", own);
  api.notFound((c) => failure(c, new ApiError(404, 7003, `No route for that URI: ${c.req.path}`)));
  api.onError((error, c) => {
    if (error instanceof ApiError) return failure(c, error);
    log(`${c.req.method} ${c.req.path}: ${error.stack}`);
    return failure(c, new ApiError(500, 10002, `internal error of the stand-in: ${error.message}`));
  });
  return api;
}
