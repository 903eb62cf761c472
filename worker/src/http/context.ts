import type { Context } from "hono";
import type { StateRef } from "../../../domain/state-objects";
import type { Principal } from "../auth/principal";
import type { Directory } from "../directory/directory";
import type { Env } from "../env";
import { objectsOf } from "../objects";
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

export const directoryOf = (env: Env): DurableObjectStub<Directory> =>
  objectsOf(env.DIRECTORY, env).getByName("directory");

/** The Durable Object of one state. Neither part holds a slash, so two states never share one. */
export const stateOf = (env: Env, { namespace, name }: StateRef): DurableObjectStub<StateObject> =>
  objectsOf(env.STATE, env).getByName(`${namespace}/${name}`);

export function callerOf(context: AppContext): Caller {
  const principal = context.get("principal");
  return { id: principal.id, origin: context.get("origin"), admin: principal.scopes.includes("admin") };
}
