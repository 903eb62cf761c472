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
  /** Receives bugs of the stand-in itself. */
  readonly log: (line: string) => void;
}

/** The part of Cloudflare's API that this project calls. */
export function cloudflareApi(parts: ApiParts): Hono<ApiEnv> {
  const { account, deployments, schedules, log } = parts;
  const accountApi = new Hono<ApiEnv>();
  accountApi.use("*", async (c, next) => {
    if (c.req.param("account") !== account.state.id) throw new ApiError(403, 10000, "Authentication error");
    await next();
  });
  accountApi.route("/r2/buckets", r2Buckets(parts));
  accountApi.route("/r2/temp-access-credentials", r2Credentials(account));
  accountApi.route("/workers/domains", workersDomains(account));
  accountApi.route("/workers", workersScripts(account, deployments, schedules));
  accountApi.route("/tokens", accountTokens(account));

  const api = new Hono<ApiEnv>().basePath(API_PREFIX);
  api.use("/user/tokens/verify", authenticated(account, INVALID_TOKEN));
  api.use("/accounts/:account/tokens/verify", authenticated(account, INVALID_TOKEN));
  api.use("*", authenticated(account));
  api.get("/user/tokens/verify", (c) => success(c, verification(c.get("token"))));
  api.route("/accounts/:account", accountApi);
  api.notFound((c) => failure(c, new ApiError(404, 7003, `No route for that URI: ${c.req.path}`)));
  api.onError((error, c) => {
    if (error instanceof ApiError) return failure(c, error);
    log(`${c.req.method} ${c.req.path}: ${error.stack}`);
    return failure(c, new ApiError(500, 10002, `internal error of the stand-in: ${error.message}`));
  });
  return api;
}
