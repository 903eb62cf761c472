import type { Hono } from "hono";
import type { Child } from "hono/jsx";
import type { StateRef } from "../../../domain/state-objects";
import type { WorkerScope } from "../../../domain/tfstate-worker";
import { permits } from "../auth/principal";
import { Refusal, unwrap } from "../errors/refusal";
import {
  type AppContext,
  type AppEnv,
  callerOf,
  requirePermission,
  stateName,
  stateOf,
} from "../http/context";
import { summaries } from "../http/operations";
import { settings } from "../settings";
import { Confirm, Page, pagePath } from "./layout";
import { StateList } from "./state-list";
import { StatePage } from "./state-page";
import { style } from "./style";

/** No script, no frame, nothing from elsewhere. */
const headers = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "content-type": "text/html; charset=utf-8",
  // Not "no-referrer": browsers would then hide the origin of our own forms as well.
  "referrer-policy": "same-origin",
};

/** The dashboard: rendered here, without a script, behind the same credentials as everything else. */
export function pageRoutes(app: Hono<AppEnv>): void {
  app.get("/page/style.css", () => {
    return new Response(style, { headers: { ...headers, "content-type": "text/css; charset=utf-8" } });
  });

  app.get("/", async (context) => {
    const after = context.req.query("after") ?? "";
    const { states, next } = await summaries(context, after);
    return html(
      context,
      "States",
      <StateList states={states} next={next} base={baseOf(context)} now={Date.now()} />,
    );
  });

  app.get("/page/states/:name", (context) => statePage(context, refOf(context, "read"), null));

  app.get("/page/states/:name/unlock", (context) => {
    const ref = refOf(context, "lock");
    const id = context.req.query("ID") ?? "";
    return html(
      context,
      `Break the lock of ${ref.name}?`,
      <Confirm
        action={`${pagePath(baseOf(context), ref.name)}/unlock?ID=${encodeURIComponent(id)}`}
        verb="Break the lock"
      >
        <p>
          Lock <code>{id}</code> ends now and can never be used again. What its holder still sends is refused;
          an apply that runs will keep its result in a local <code>errored.tfstate</code>.
        </p>
      </Confirm>,
    );
  });
  app.post("/page/states/:name/unlock", async (context) => {
    const ref = refOf(context, "lock");
    requireOwnForm(context);
    const ID = context.req.query("ID") ?? "";
    unwrap(await stateOf(context.env, ref).unlock(ref, callerOf(context), JSON.stringify({ ID })));
    return statePage(context, ref, "The lock was broken.");
  });

  app.get("/page/states/:name/restore", (context) => {
    const ref = refOf(context, "admin");
    const id = context.req.query("id") ?? "";
    return html(
      context,
      `Restore an older version of ${ref.name}?`,
      <Confirm
        action={`${pagePath(baseOf(context), ref.name)}/restore?id=${encodeURIComponent(id)}`}
        verb="Restore this version"
      >
        <p>
          Version <code>{id}</code> becomes the current one. Nothing is deleted: the version that is current
          now stays in the history and can be restored in the same way.
        </p>
      </Confirm>,
    );
  });
  app.post("/page/states/:name/restore", async (context) => {
    const ref = refOf(context, "admin");
    requireOwnForm(context);
    const id = context.req.query("id") ?? "";
    unwrap(await stateOf(context.env, ref).restore(ref, callerOf(context), id, null));
    return statePage(context, ref, "The version was restored.");
  });
}

/** The page that answers a change too: nothing of this Worker redirects. */
async function statePage(context: AppContext, ref: StateRef, done: string | null): Promise<Response> {
  const state = stateOf(context.env, ref);
  const principal = context.get("principal");
  const [summary, versions, audit] = await Promise.all([
    state.summary(ref),
    state.versions(ref, 50, null, false),
    state.newestAudit(50),
  ]);
  return html(
    context,
    ref.name,
    <>
      {done ? (
        <p class="notice" role="status">
          {done}
        </p>
      ) : null}
      <StatePage
        base={baseOf(context)}
        now={Date.now()}
        summary={unwrap(summary)}
        versions={unwrap(versions)}
        audit={audit}
        mayAdminister={permits(principal, "admin", ref.name)}
      />
    </>,
  );
}

async function html(context: AppContext, title: string, content: Child): Promise<Response> {
  const page = (
    <Page title={title} base={baseOf(context)}>
      {content}
    </Page>
  );
  return new Response(`<!doctype html>${await page}`, { headers });
}

const baseOf = (context: AppContext): string => settings(context.env).basePath;

function refOf(context: AppContext, scope: WorkerScope): StateRef {
  const name = stateName(context.req.param("name"));
  const principal = context.get("principal");
  requirePermission(principal, scope, name);
  return { namespace: principal.namespace, name };
}

/** Every browser says where a form comes from; a request that does not is none of our forms. */
function requireOwnForm(context: AppContext): void {
  if (context.req.header("origin") || context.req.header("sec-fetch-site")) return;
  throw new Refusal({ code: "cross_site", reason: "the form does not say which page it comes from" });
}
