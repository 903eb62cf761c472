import type { Child } from "hono/jsx";
import type { StateRef } from "../../../domain/state-objects";
import type { WorkerScope } from "../../../domain/tfstate-worker";
import { permits } from "../auth/principal";
import { Refusal, unwrap } from "../errors/refusal";
import { type AppContext, callerOf, directoryOf, stateOf } from "../http/context";
import { summaries } from "../http/operations";
import type { Routes } from "../http/route";
import { settings } from "../settings";
import { Changes } from "./changes";
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

/** Rows of a table of history or audit: a page is made within the 10 ms of CPU that a request may take on the free plan. */
const rows = 20;
/** For the same reason, the lists of resources that are compared on a page have no more bytes than this. */
const maxCompared = 64 * 1024;

/** The dashboard: rendered here, without a script, and for the credentials and scopes that the API asks for. */
export function pageRoutes(routes: Routes): void {
  const page = { method: "get", isPage: true } as const;

  routes.add(
    { ...page, path: "/page/style.css", scope: null, reach: "no state", summary: "The look" },
    async () => new Response(style, { headers: { ...headers, "content-type": "text/css; charset=utf-8" } }),
  );

  routes.add(
    { ...page, path: "/", scope: "read", reach: "matching states", summary: "States and their locks" },
    async ({ context, principal }) => {
      const [{ states, next }, names] = await Promise.all([
        summaries(context, context.req.query("after") ?? ""),
        directoryOf(context.env).tokenNames(principal.namespace),
      ]);
      const base = baseOf(context);
      return html(context, "States", <StateList {...{ states, next, names, base }} now={Date.now()} />);
    },
  );

  routes.add(
    { ...page, path: "/page/states/{name}", scope: "read", reach: "state", summary: "One state" },
    async ({ context, ref }) => statePage(context, ref, null),
  );
  routes.add(
    { ...page, path: "/page/states/{name}/changes", scope: "read", reach: "state", summary: "What changed" },
    async ({ context, ref }) => {
      const id = context.req.query("id") ?? "";
      const changes = unwrap(await stateOf(context.env, ref).changes(ref, id));
      const title = `What serial ${changes.serial ?? "–"} of ${ref.name} changed`;
      return html(context, title, <Changes changes={changes} path={pagePath(baseOf(context), ref.name)} />);
    },
  );

  for (const { name, scope, asked, confirmation, act, done } of actions) {
    const path = `/page/states/{name}/${name}` as const;
    const summary = `Asks whether to ${name}`;
    routes.add({ ...page, path, scope, reach: "state", summary }, async ({ context, ref }) => {
      const id = context.req.query(asked) ?? "";
      const action = `${pagePath(baseOf(context), ref.name)}/${name}?${asked}=${encodeURIComponent(id)}`;
      const { title, verb, text } = confirmation(ref.name, <code>{id}</code>);
      return html(
        context,
        title,
        <Confirm action={action} verb={verb}>
          <p>{text}</p>
        </Confirm>,
      );
    });
    routes.add(
      { ...page, method: "post", path, scope, reach: "state", summary: done },
      async ({ context, ref }) => {
        requireOwnForm(context);
        await act(context, ref, context.req.query(asked) ?? "");
        return statePage(context, ref, done);
      },
    );
  }
}

/** What can be done on the page, after it was asked once more: as the API does it, and with the scope that it asks. */
const actions = [
  {
    name: "unlock",
    scope: "lock",
    asked: "ID",
    done: "The lock was broken.",
    confirmation: (state: string, id: Child) => ({
      title: `Break the lock of ${state}?`,
      verb: "Break the lock",
      text: (
        <>
          Lock {id} ends now and can never be used again. What its holder still sends is refused; an apply
          that runs will keep its result in a local <code>errored.tfstate</code>.
        </>
      ),
    }),
    act: async (context: AppContext, ref: StateRef, ID: string) =>
      unwrap(await stateOf(context.env, ref).unlock(ref, callerOf(context), JSON.stringify({ ID }))),
  },
  {
    name: "restore",
    scope: "admin",
    asked: "id",
    done: "The version was restored.",
    confirmation: (state: string, id: Child) => ({
      title: `Restore an older version of ${state}?`,
      verb: "Restore this version",
      text: (
        <>
          Version {id} becomes the current one. Nothing is deleted: the version that is current now stays in
          the history and can be restored in the same way.
        </>
      ),
    }),
    act: async (context: AppContext, ref: StateRef, id: string) =>
      unwrap(await stateOf(context.env, ref).restore(ref, callerOf(context), id, null)),
  },
] as const;

/** The page that answers a change too: nothing of this Worker redirects. Each part needs what the API asks for it. */
async function statePage(context: AppContext, ref: StateRef, done: string | null): Promise<Response> {
  const state = stateOf(context.env, ref);
  const principal = context.get("principal");
  const may = (scope: WorkerScope) => permits(principal, scope, ref.name);
  const notice = done && (
    <p class="notice" role="status">
      {done}
    </p>
  );
  if (!may("read")) return html(context, ref.name, notice);
  const before = context.req.query("before") ?? null;
  const [summary, versions, audit, names] = await Promise.all([
    state.summary(ref),
    state.versions(ref, { limit: rows + 1, before, all: false, maxCompared }),
    may("admin") ? state.newestAudit(rows) : null,
    directoryOf(context.env).tokenNames(principal.namespace),
  ]);
  return html(
    context,
    ref.name,
    <>
      {notice}
      <StatePage
        base={baseOf(context)}
        now={Date.now()}
        summary={unwrap(summary)}
        versions={unwrap(versions).slice(0, rows)}
        hasOlder={unwrap(versions).length > rows}
        audit={audit}
        names={names}
        mayUnlock={may("lock")}
        mayRestore={may("admin")}
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

/** Every browser says where a form comes from; a request that does not is none of our forms. */
function requireOwnForm(context: AppContext): void {
  if (context.req.header("origin") || context.req.header("sec-fetch-site")) return;
  throw new Refusal({ code: "cross_site", reason: "the form does not say which page it comes from" });
}
