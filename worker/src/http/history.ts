import { z } from "zod";
import { Refusal, unwrap } from "../errors/refusal";
import { fetchVersion } from "../state/version-objects";
import { callerOf, stateOf } from "./context";
import type { Routes } from "./route";
import { ListedVersion, Version, VersionChanges, VersionsQuery, WriterQuery } from "./schemas";
import { stateResponse } from "./states";

/**
 * Bytes of lists of resources that a list of versions compares at most. An address shows up twice, as added and as
 * removed, so the differences are not longer than two of these; the rest of them are at `…/changes`.
 */
const maxCompared = 1024 * 1024;

/** Versions of a state: list, fetch, restore, pin. */
export function historyRoutes(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/states/{name}/versions",
      scope: "read",
      reach: "state",
      summary: "Versions, newest first; the writes of one apply are one entry, unless all=1",
      query: VersionsQuery,
      answer: z.array(ListedVersion),
    },
    async ({ context, ref, query }) => {
      const props = { ...query, before: query.before ?? null, maxCompared };
      return Response.json(unwrap(await stateOf(context.env, ref).versions(ref, props)));
    },
  );

  routes.add(
    {
      method: "get",
      path: "/states/{name}/versions/{id}/changes",
      scope: "read",
      reach: "state",
      summary: "Resources that a version added and removed, against the entry below it in the list",
      answer: VersionChanges,
    },
    async ({ context, ref }) => {
      const id = context.req.param("id") ?? "";
      return Response.json(unwrap(await stateOf(context.env, ref).changes(ref, id)));
    },
  );

  routes.add(
    {
      method: "get",
      path: "/states/{name}/versions/{id}",
      scope: "read",
      reach: "state",
      summary: "The bytes of one version",
    },
    async ({ context, ref }) => {
      const id = context.req.param("id") ?? "";
      const stored = unwrap(await stateOf(context.env, ref).version(ref, id));
      const object = await fetchVersion(context.env.BUCKET, stored);
      if (object instanceof Refusal) throw object;
      return stateResponse(stored.version, object);
    },
  );

  routes.add(
    {
      method: "post",
      path: "/states/{name}/versions/{id}/restore",
      scope: "admin",
      reach: "state",
      summary: "Makes an older version current again; its bytes are not changed",
      query: WriterQuery,
      answer: Version,
    },
    async ({ context, ref, query }) => {
      const id = context.req.param("id") ?? "";
      const state = stateOf(context.env, ref);
      return Response.json(unwrap(await state.restore(ref, callerOf(context), id, query.ID || null)));
    },
  );

  for (const [method, pinned] of [
    ["put", true],
    ["delete", false],
  ] as const) {
    routes.add(
      {
        method,
        path: "/states/{name}/versions/{id}/pin",
        scope: "admin",
        reach: "state",
        summary: pinned ? "Keeps a version for ever" : "Lets retention take a version again",
        answer: z.object({ id: z.string(), pinned: z.boolean() }),
      },
      async ({ context, ref }) => {
        const id = context.req.param("id") ?? "";
        unwrap(await stateOf(context.env, ref).pin(ref, callerOf(context), id, pinned));
        return Response.json({ id, pinned });
      },
    );
  }
}
