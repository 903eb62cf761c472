import { z } from "zod";
import { Refusal, unwrap } from "../errors/refusal";
import type { StateSummary as Summary } from "../state/state-object";
import { forcedStates } from "./backup";
import { type AppContext, callerOf, directoryOf, stateOf } from "./context";
import type { Routes } from "./route";
import {
  AuditEntry,
  AuditQuery,
  BackupResult,
  Copies,
  ForceQuery,
  Freeze,
  FreezeRequest,
  LockStatus,
  LocksQuery,
  Override,
  OverrideRequest,
  PageQuery,
  Policy,
  StateSummary,
  Version,
} from "./schemas";

/** A request may start 50 others on the free plan; each state is one. */
export const statesPerPage = 40;

/** What people do to states and their locks. */
export function operationRoutes(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/states",
      scope: "read",
      reach: "matching states",
      summary: "States of the namespace, by name; `after` is the last name of the page before",
      query: PageQuery,
      answer: z.array(StateSummary),
    },
    async ({ context, query }) => Response.json((await summaries(context, query.after)).states.map(listed)),
  );

  routes.add(
    {
      method: "get",
      path: "/locks",
      scope: "read",
      reach: "matching states",
      summary: "Every lock that is held: by whom, since when, from where, and whether it looks left behind",
      query: LocksQuery,
      answer: z.array(LockStatus),
    },
    async ({ context, query }) => {
      const held = (await summaries(context, query.after)).states.flatMap(({ ref, lock }) => {
        if (lock === null) return [];
        const ageSeconds = Math.max(0, Math.round((Date.now() - Date.parse(lock.since)) / 1000));
        return [
          {
            state: ref.name,
            ...lock,
            ageSeconds,
            stale: lock.by !== "freeze" && ageSeconds >= query.staleAfterSeconds,
          },
        ];
      });
      return Response.json(held);
    },
  );

  routes.add(
    {
      method: "put",
      path: "/states/{name}/freeze",
      scope: "admin",
      reach: "state",
      summary:
        "No one may lock or write, until it expires or an admin ends it; who holds the lock now may finish",
      body: FreezeRequest,
      answer: Freeze,
    },
    async ({ context, ref, body }) => {
      const state = stateOf(context.env, ref);
      return Response.json(unwrap(await state.freeze(ref, callerOf(context), body)));
    },
  );
  routes.add(
    {
      method: "delete",
      path: "/states/{name}/freeze",
      scope: "admin",
      reach: "state",
      summary: "Ends the freeze",
    },
    async ({ context, ref }) => {
      unwrap(await stateOf(context.env, ref).unfreeze(ref, callerOf(context)));
      return Response.json({ unfrozen: ref.name });
    },
  );

  routes.add(
    {
      method: "post",
      path: "/states/{name}/override",
      scope: "admin",
      reach: "state",
      summary: "Allows one write that the serial, lineage or encryption guard would refuse",
      body: OverrideRequest,
      answer: Override,
    },
    async ({ context, ref, body }) => {
      const state = stateOf(context.env, ref);
      return Response.json(unwrap(await state.override(ref, callerOf(context), body)), { status: 201 });
    },
  );

  routes.add(
    {
      method: "put",
      path: "/states/{name}/policy",
      scope: "admin",
      reach: "state",
      summary: "Encryption and retention of one state",
      body: Policy,
      answer: Policy,
    },
    async ({ context, ref, body }) =>
      Response.json(unwrap(await stateOf(context.env, ref).setPolicy(ref, callerOf(context), body))),
  );

  routes.add(
    {
      method: "get",
      path: "/states/{name}/audit",
      scope: "admin",
      reach: "state",
      summary: "Who did what to this state, oldest first, each entry chained to the one before",
      query: AuditQuery,
      answer: z.array(AuditEntry),
    },
    async ({ context, ref, query }) =>
      Response.json(await stateOf(context.env, ref).audit(query.after, query.limit)),
  );

  routes.add(
    {
      method: "post",
      path: "/states/{name}/sweep",
      scope: "admin",
      reach: "state",
      summary: "Lets retention run now",
      answer: z.object({
        deleted: z.number().describe("versions"),
        kept: z.number().describe("objects that R2 does not let go yet; the next sweep tries again"),
      }),
    },
    async ({ context, ref }) => Response.json(unwrap(await stateOf(context.env, ref).sweep(ref))),
  );

  routes.add(
    {
      method: "post",
      path: "/states/{name}/backup",
      scope: "admin",
      reach: "state",
      summary: "Copies the current version to the backup bucket now",
      answer: BackupResult,
    },
    async ({ context, ref }) => Response.json(unwrap(await stateOf(context.env, ref).backUp(ref))),
  );
  routes.add(
    {
      method: "post",
      path: "/states/{name}/backup/restore",
      scope: "admin",
      reach: "state",
      summary: "Makes the copy in the backup bucket current, where the state is missing or damaged",
      query: ForceQuery,
      answer: Version,
    },
    async ({ context, ref }) => {
      const forced = forcedStates(context);
      const other = forced.find((name) => name !== ref.name);
      if (other !== undefined)
        throw new Refusal({
          code: "bad_query",
          reason: `force names "${other}", and the path "${ref.name}"`,
        });
      const state = stateOf(context.env, ref);
      const { version } = unwrap(await state.restoreBackup(ref, callerOf(context), forced.length > 0));
      return Response.json(version);
    },
  );

  routes.add(
    {
      method: "get",
      path: "/states/{name}/backup",
      scope: "admin",
      reach: "state",
      summary:
        "Dated copies in the backup bucket, oldest first, each with the head of the audit at that time",
      query: PageQuery,
      answer: Copies,
    },
    async ({ context, ref, query }) =>
      Response.json(unwrap(await stateOf(context.env, ref).copies(ref, query.after || undefined))),
  );
}

/** One page of the states that the caller may see, and the name after which the next one begins. */
export async function summaries(context: AppContext, after: string) {
  const { namespace, states: patterns } = context.get("principal");
  const from = { namespace, name: after };
  const refs = await directoryOf(context.env).states(namespace, patterns, from, statesPerPage);
  const states = await Promise.all(
    refs.map(async (ref) => unwrap(await stateOf(context.env, ref).summary(ref))),
  );
  return { states, next: refs.length < statesPerPage ? null : (refs.at(-1)?.name ?? null) };
}

function listed({ ref, version, versions, lock, freeze, conflict }: Summary): z.infer<typeof StateSummary> {
  return {
    name: ref.name,
    serial: version?.serial ?? null,
    size: version?.size ?? null,
    updatedAt: version?.createdAt ?? null,
    updatedBy: version?.createdBy ?? null,
    versions,
    encrypted: version?.encrypted ?? false,
    locked: lock !== null,
    frozen: freeze !== null,
    conflict,
  };
}
