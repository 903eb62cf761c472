import { z } from "zod";
import { Refusal } from "../problem";
import { backUpAll, restoreAll } from "./backup";
import { callerOf, directoryOf } from "./context";
import { metricsText } from "./metrics";
import type { Routes } from "./route";
import { AuditEntry, AuditQuery, BackupResult, PageQuery, Token, TokenRequest } from "./schemas";

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
      const { id: createdBy, namespace } = context.get("principal");
      const { expiresInSeconds, ...rest } = body;
      const expiresAt = new Date(Date.now() + expiresInSeconds * 1000).toISOString();
      const minted = await directoryOf(context.env).mintToken({ ...rest, namespace, createdBy, expiresAt });
      return Response.json(
        { ...minted.info, token: minted.token },
        { status: 201, headers: { "cache-control": "no-store" } },
      );
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
      throw new Refusal({
        status: 404,
        code: "no_such_token",
        message: `there is no token ${id}`,
        fix: "list them with GET /tokens",
      });
    },
  );

  routes.add(
    {
      method: "get",
      path: "/audit",
      scope: "admin",
      summary: "Tokens minted and revoked, oldest first, each entry chained to the one before",
      query: AuditQuery,
      answer: z.array(AuditEntry),
    },
    async ({ context, query }) =>
      Response.json(await directoryOf(context.env).audit(query.after, query.limit)),
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
      summary: "Copies the next page of states to the backup bucket; done at each run of the schedule too",
      answer: z.array(BackupResult),
    },
    async ({ context }) => Response.json(await backUpAll(context.env)),
  );
  routes.add(
    {
      method: "post",
      path: "/backup/restore",
      scope: "admin",
      summary:
        "Makes the copies in the backup bucket current, a page of states at a time; ends with next null",
      query: PageQuery,
      answer: z.object({ restored: z.array(z.string()), next: z.string().nullable() }),
    },
    async ({ context, query }) =>
      Response.json(
        await restoreAll(context.env, context.get("principal").namespace, callerOf(context), query.after),
      ),
  );
}
