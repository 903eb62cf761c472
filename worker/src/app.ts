import { Hono } from "hono";
import { getPath } from "hono/utils/url";
import { apiVersion, headers } from "../../domain/worker-api";
import { requireOwnAddress } from "./address";
import { authenticate } from "./auth/authenticate";
import { clientOf } from "./auth/client";
import { authSettings } from "./auth/settings";
import { deploymentDefects } from "./configuration";
import type { WorkerError } from "./errors/catalogue";
import { errorOf, Refusal } from "./errors/refusal";
import { adminRoutes } from "./http/admin";
import type { AppContext, AppEnv } from "./http/context";
import { credentialStore } from "./http/credentials";
import { errorResponse } from "./http/error-response";
import { historyRoutes } from "./http/history";
import { recordRequest } from "./http/metrics";
import { openApiRoute } from "./http/openapi";
import { operationRoutes } from "./http/operations";
import { Routes } from "./http/route";
import { stateRoutes } from "./http/states";
import { pageRoutes } from "./page/routes";
import { settings } from "./settings";

/** The Worker's routes. The base path and a trailing slash are left out of the path, never redirected away. */
export const app = new Hono<AppEnv>({
  getPath: (request, options) =>
    pathInside(getPath(request), options?.env ? settings(options.env).basePath : ""),
});
const routes = new Routes(app);

app.use(async (context, next) => {
  const started = Date.now();
  await next();
  const answer = context.res.headers;
  if (!answer.has("cache-control")) answer.set("cache-control", "no-store");
  answer.set("x-content-type-options", "nosniff");
  answer.set(headers.identity, apiVersion);
  recordRequest(context, Date.now() - started);
});

app.use(async ({ req, env }, next) => {
  requireOwnAddress(req.method, new URL(req.url), settings(env));
  await next();
});

app.get("/health", (context) => {
  const defects = deploymentDefects(context.env);
  return defects.length === 0 ? context.text("OK") : errorResponse({ code: "not_configured", defects });
});

app.use(async (context, next) => {
  const { env, req } = context;
  context.set("origin", clientOf(req.raw));
  refuseOtherSites(req.raw);
  const defects = deploymentDefects(env);
  if (defects.length > 0) throw new Refusal({ code: "not_configured", defects });
  context.set("principal", await authenticate(req.raw, authSettings(env), credentialStore(env)));
  await next();
});

stateRoutes(routes);
historyRoutes(routes);
operationRoutes(routes);
adminRoutes(routes);
openApiRoute(routes);
pageRoutes(routes);

app.notFound((context) => errorResponse(noSuchRoute(context)));
app.onError((error) => errorResponse(errorOf(error)));

function pathInside(path: string, base: string): string {
  const inside = path === base || path.startsWith(`${base}/`);
  // Outside of the base path nothing is served, but the answer is the same error as for any unknown route.
  if (!inside) return "/outside-of-the-base-path";
  return path.slice(base.length, path.endsWith("/") ? -1 : undefined) || "/";
}

/** Browsers attach Basic credentials to requests that other sites start; they also say so. */
function refuseOtherSites(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const sameOrigin =
    origin === null || (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host);
  if (sameOrigin && (site === null || site === "same-origin" || site === "none")) return;
  throw new Refusal({ code: "cross_site", reason: "a page of another site started this request" });
}

function noSuchRoute(context: AppContext): WorkerError {
  const { method, path } = context.req;
  const known = routes.all.filter((route) =>
    new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  if (known.length === 0) return { code: "no_such_route", path, basePath: settings(context.env).basePath };
  const allowed = new Set(
    known.flatMap(({ method, webDav }) => [method.toUpperCase(), ...(webDav ? [webDav] : [])]),
  );
  return { code: "method_not_allowed", method, path, allowed: [...allowed] };
}
