import { z } from "zod";
import { matches, type Principal } from "../auth/principal";
import { Refusal } from "../errors/refusal";
import { backUpAll, forcedStates, restoreAll } from "./backup";
import { callerOf, directoryOf } from "./context";
import { metricsText } from "./metrics";
import type { Routes } from "./route";
import {
  AuditEntry,
  AuditQuery,
  BackupOutcome,
  RestoreQuery,
  RestoreResult,
  Token,
  TokenRequest,
} from "./schemas";

/** What belongs to the deployment: tokens, its audit, metrics, the backup of everything. */
export function adminRoutes(routes: Routes): void {
  routes.add(
    {
      method: "post",
      path: "/tokens",
      scope: "admin",
      summary: "Mints a bearer token; it is shown this once",
      body: TokenRequest,
      answer: Token.extend({ token: z.string() }),
    },
    async ({ context, body }) => {
      const principal = context.get("principal");
      const { id: createdBy, namespace } = principal;
      const { expiresInSeconds, ...rest } = body;
      requireAtMost(principal, rest);
      const expiresAt = new Date(Date.now() + expiresInSeconds * 1000).toISOString();
      const minted = await directoryOf(context.env).mintToken({ ...rest, namespace, createdBy, expiresAt });
      return Response.json({ ...minted.info, token: minted.token }, { status: 201 });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/tokens",
      scope: "admin",
      summary: "Tokens of the namespace",
      answer: z.array(Token),
    },
    async ({ context }) =>
      Response.json(await directoryOf(context.env).tokens(context.get("principal").namespace)),
  );
  routes.add(
    { method: "delete", path: "/tokens/{id}", scope: "admin", summary: "Revokes a token, at once" },
    async ({ context }) => {
      const id = context.req.param("id") ?? "";
      const { namespace, id: by } = context.get("principal");
      if (await directoryOf(context.env).revokeToken(namespace, id, by))
        return Response.json({ revoked: id });
      throw new Refusal({ code: "no_such_token", id });
    },
  );

  routes.add(
    {
      method: "get",
      path: "/audit",
      scope: "admin",
      summary:
        "Tokens of the namespace minted and revoked, oldest first, each entry chained to the one before",
      query: AuditQuery,
      answer: z.array(AuditEntry),
    },
    async ({ context, query }) =>
      Response.json(
        await directoryOf(context.env).audit(context.get("principal").namespace, query.after, query.limit),
      ),
  );

  routes.add(
    { method: "get", path: "/metrics", scope: "admin", summary: "Metrics in the text format of Prometheus" },
    async ({ context }) =>
      new Response(await metricsText(context), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      }),
  );

  routes.add(
    {
      method: "post",
      path: "/backup",
      scope: "admin",
      summary:
        "Copies the next page of the namespace's states to the backup bucket, as the schedule does for all",
      answer: z.array(BackupOutcome),
    },
    async ({ context }) => Response.json(await backUpAll(context.env, context.get("principal").namespace)),
  );
  routes.add(
    {
      method: "post",
      path: "/backup/restore",
      scope: "admin",
      summary:
        "Brings states that are missing or damaged back from their copies, a page at a time; ends with next null",
      query: RestoreQuery,
      answer: RestoreResult,
    },
    async ({ context, query }) => {
      const options = { caller: callerOf(context), after: query.after, forced: forcedStates(context) };
      return Response.json(await restoreAll(context.env, context.get("principal").namespace, options));
    },
  );
}

/** @throws Refusal where a token would do what the one who mints it may not do */
function requireAtMost(principal: Principal, { scopes, states }: Pick<Principal, "scopes" | "states">): void {
  const scope = scopes.find((scope) => !principal.scopes.includes(scope));
  // A pattern that another one matches, star for star, names no state that the other does not name.
  const pattern = states.find((pattern) => !principal.states.some((glob) => matches(glob, pattern)));
  if (scope === undefined && pattern === undefined) return;
  const lacks = scope ? `${scope} scope` : `rights on "${pattern}"`;
  throw new Refusal({ code: "forbidden", principal: principal.id, lacks, mints: true });
}
