import { Hono } from "hono";
import { getPath } from "hono/utils/url";
import { authenticate } from "../auth/authenticate";
import { clientOf } from "../auth/client";
import { authSettings } from "../auth/settings";
import { pageRoutes } from "../page/routes";
import { notConfigured, problemResponse, Refusal, storageFault } from "../problem";
import { settings } from "../settings";
import { adminRoutes } from "./admin";
import { type AppContext, type AppEnv, directoryOf } from "./context";
import { historyRoutes } from "./history";
import { recordRequest } from "./metrics";
import { identity, openApiRoute } from "./openapi";
import { operationRoutes } from "./operations";
import { Routes } from "./route";
import { stateRoutes } from "./states";

/** The Worker's routes. The base path and a trailing slash are left out of the path, never redirected away. */
export const app = new Hono<AppEnv>({
  getPath: (request, options) =>
    pathInside(getPath(request), options?.env ? settings(options.env).basePath : ""),
});
const routes = new Routes(app);

app.use(async (context, next) => {
  const started = Date.now();
  await next();
  const { headers } = context.res;
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
  headers.set(...identity);
  recordRequest(context, Date.now() - started);
});

app.get("/health", (context) => {
  const { defects } = authSettings(context.env);
  return defects.length === 0 ? context.text("OK") : problemResponse(notConfigured(defects).problem);
});

app.use(async (context, next) => {
  const { raw } = context.req;
  const origin = clientOf(raw);
  context.set("origin", origin);
  refuseOtherSites(raw);
  context.set("principal", await authenticate(raw, context.env, directoryOf(context.env)));
  await next();
});

stateRoutes(routes);
historyRoutes(routes);
operationRoutes(routes);
adminRoutes(routes);
openApiRoute(routes);
pageRoutes(app);

// Never 404: a client reads that as "no state" and plans to create everything again.
app.notFound((context) => problemResponse(noSuchRoute(context)));
app.onError((error) => {
  if (!(error instanceof Refusal)) return problemResponse(storageFault(error));
  const { problem } = error;
  return problemResponse(problem, problem.status === 401 ? challenge : {});
});

function pathInside(path: string, base: string): string {
  const inside = path === base || path.startsWith(`${base}/`);
  // Outside of the base path nothing is served, but the answer is the same error as for any unknown route.
  return inside ? path.slice(base.length).replace(/\/$/, "") || "/" : "/outside-of-the-base-path";
}

/** Browsers attach Basic credentials to requests that other sites start; they also say so. */
function refuseOtherSites(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const sameOrigin =
    origin === null || (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host);
  if (sameOrigin && (site === null || site === "same-origin" || site === "none")) return;
  throw new Refusal({
    status: 403,
    code: "cross_site",
    message: "a page of another site started this request",
    fix: "use the Worker's own page, or a client that is no browser",
  });
}

function noSuchRoute(context: AppContext) {
  const { method, path } = context.req;
  const known = routes.all.filter((route) =>
    new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  if (known.length === 0) {
    return {
      status: 400,
      code: "no_such_route",
      message: `nothing is at ${path.slice(0, 200)}`,
      fix: `states are at ${settings(context.env).basePath}/states/{name}; see GET /openapi.json for the rest`,
    };
  }
  const methods = [
    ...new Set(known.flatMap(({ method, webDav }) => [method.toUpperCase(), ...(webDav ? [webDav] : [])])),
  ];
  return {
    status: 405,
    code: "method_not_allowed",
    message: `${method} is not possible at ${path.slice(0, 200)}`,
    fix: `use one of ${methods.join(", ")}`,
  };
}

const challenge = { "www-authenticate": 'Basic realm="tfstate", charset="UTF-8"' };
