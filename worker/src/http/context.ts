import type { Context } from "hono";
import { isStateName, type StateRef } from "../../../domain/state-objects";
import type { WorkerScope } from "../../../domain/tfstate-worker";
import { nameOf, type Principal, permits } from "../auth/principal";
import type { Directory } from "../directory/directory";
import type { Env } from "../env";
import { Refusal } from "../errors/refusal";
import type { Caller } from "../state/caller";
import type { StateObject } from "../state/state-object";

/** What the middleware leaves for the routes. */
export interface Variables {
  readonly principal: Principal;
  /** Address of the client. */
  readonly origin: string;
}
export type AppEnv = { Bindings: Env; Variables: Variables };
export type AppContext = Context<AppEnv>;

export const directoryOf = (env: Env): DurableObjectStub<Directory> => env.DIRECTORY.getByName("directory");

/** The Durable Object of one state. Neither part holds a slash, so two states never share one. */
export const stateOf = (env: Env, { namespace, name }: StateRef): DurableObjectStub<StateObject> =>
  env.STATE.getByName(`${namespace}/${name}`);

export function callerOf(context: AppContext): Caller {
  const principal = context.get("principal");
  return { id: principal.id, origin: context.get("origin"), admin: principal.scopes.includes("admin") };
}

/** The name of a state from its part of the path. @throws Refusal where no state can have it */
export function stateName(raw: string | undefined): string {
  const name = raw ?? "";
  if (isStateName(name)) return name;
  throw new Refusal({ code: "bad_state_name", name });
}

/**
 * The one check of scopes and patterns.
 * @param state name of the state, or null where the request is about none
 * @throws Refusal 403 where the caller may not do it
 */
export function requirePermission(principal: Principal, scope: WorkerScope, state: string | null): void {
  if (permits(principal, scope, state)) return;
  const lacks = `${scope} scope${state === null ? "" : ` on "${state}"`}`;
  throw new Refusal({ code: "forbidden", principal: nameOf(principal), lacks });
}
