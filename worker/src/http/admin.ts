import { z } from "zod";
import { excess, type Grant, nameOf, type Principal } from "../auth/principal";
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
      reach: "own tokens",
      summary: "Mints a bearer token; it is shown this once",
      body: TokenRequest,
      answer: Token.extend({ token: z.string() }),
    },
    async ({ context, principal, body }) => {
      const { id: createdBy, namespace } = principal;
      const { expiresInSeconds, ...rest } = body;
      requireAtMost(principal, rest);
      const expiresAt = new Date(Date.now() + expiresInSeconds * 1000).toISOString();
      const minted = await directoryOf(context.env).mintToken({ ...rest, namespace, createdBy, expiresAt });
      if (minted === null)
        throw new Refusal({ code: "unauthorized", reason: "the token that mints this one has ended" });
      return Response.json({ ...minted.info, token: minted.token }, { status: 201 });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/tokens",
      scope: "admin",
      reach: "own tokens",
      summary: "Tokens of the namespace that may do nothing which the caller may not",
      answer: z.array(Token),
    },
    async ({ context, principal }) =>
      Response.json(await directoryOf(context.env).tokens(principal.namespace, principal)),
  );
  routes.add(
    {
      method: "delete",
      path: "/tokens/{id}",
      scope: "admin",
      reach: "own tokens",
      summary: "Revokes a token and those that it minted, at once",
    },
    async ({ context, principal }) => {
      const id = context.req.param("id") ?? "";
      const [revoked, ...children] = await directoryOf(context.env).revokeToken(principal, id);
      if (revoked === undefined) throw new Refusal({ code: "no_such_token", id });
      return Response.json({ revoked, children });
    },
  );

  routes.add(
    {
      method: "get",
      path: "/audit",
      scope: "admin",
      reach: "whole namespace",
      summary:
        "Tokens of the namespace minted and revoked, oldest first, each entry chained to the one before",
      query: AuditQuery,
      answer: z.array(AuditEntry),
    },
    async ({ context, principal, query }) =>
      Response.json(await directoryOf(context.env).audit(principal.namespace, query.after, query.limit)),
  );

  routes.add(
    {
      method: "get",
      path: "/metrics",
      scope: "metrics",
      reach: "matching states",
      summary: "Metrics in the text format of Prometheus",
    },
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
      reach: "whole namespace",
      summary:
        "Copies the next page of the namespace's states to the backup bucket, as the schedule does for all",
      answer: z.array(BackupOutcome),
    },
    async ({ context, principal }) => Response.json(await backUpAll(context.env, principal.namespace)),
  );
  routes.add(
    {
      method: "post",
      path: "/backup/restore",
      scope: "admin",
      reach: "whole namespace",
      summary:
        "Brings states that are missing or damaged back from their copies, a page at a time; ends with next null",
      query: RestoreQuery,
      answer: RestoreResult,
    },
    async ({ context, principal, query }) => {
      const options = { caller: callerOf(context), after: query.after, forced: forcedStates(context) };
      return Response.json(await restoreAll(context.env, principal.namespace, options));
    },
  );
}

/** @throws Refusal if a token would do what the one who mints it may not do */
function requireAtMost(principal: Principal, grant: Grant): void {
  const lacks = excess(grant, principal);
  if (lacks === null) return;
  throw new Refusal({ code: "forbidden", principal: nameOf(principal), lacks, mints: true });
}
