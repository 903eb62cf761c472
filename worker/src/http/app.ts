import { Hono } from "hono";
import { authenticate, clientOf } from "../auth/authenticate";
import { authSettings } from "../auth/settings";
import type { Env } from "../env";
import { pageRoutes } from "../page/routes";
import { problemResponse, Refusal, storageFault } from "../problem";
import { adminRoutes } from "./admin";
import { type AppContext, type AppEnv, directoryOf } from "./context";
import { historyRoutes } from "./history";
import { recordRequest } from "./metrics";
import { openApiRoute } from "./openapi";
import { operationRoutes } from "./operations";
import { Routes } from "./route";
import { stateRoutes } from "./states";

const app = new Hono<AppEnv>();
const routes = new Routes(app);

app.use(async (context, next) => {
  const started = Date.now();
  await next();
  recordRequest(context, Date.now() - started);
});

app.get("/health", (context) => {
  const { defects } = authSettings(context.env);
  if (defects.length === 0) return context.text("OK");
  return problemResponse({
    status: 503,
    code: "not_configured",
    message: defects.join("; "),
    fix: "configure a credential",
  });
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
app.onError((error, context) => {
  if (!(error instanceof Refusal)) return problemResponse(storageFault(error));
  const { problem } = error;
  return problemResponse(problem, problem.status === 401 ? challenge(context) : {});
});

/** Answers a request; the base path and a trailing slash are taken off, never redirected away. */
export async function handle(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const url = new URL(request.url);
  const base = (env.TFSTATE_BASE_PATH ?? "").replace(/\/+$/, "");
  const inside = url.pathname === base || url.pathname.startsWith(`${base}/`);
  // Outside of the base path nothing is served, but the answer is the same error as for any unknown route.
  url.pathname = inside
    ? url.pathname.slice(base.length).replace(/\/$/, "") || "/"
    : "/outside-of-the-base-path";
  return app.fetch(new Request(url, request), env, ctx);
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
      fix: `states are at ${context.env.TFSTATE_BASE_PATH ?? ""}/states/{name}; see GET /openapi.json for the rest`,
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

function challenge(_context: AppContext): Record<string, string> {
  return { "www-authenticate": 'Basic realm="tfstate", charset="UTF-8"' };
}
