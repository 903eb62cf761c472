import type { Context } from "hono";
import type { Principal } from "../auth/principal";
import type { Directory } from "../directory/directory";
import type { Env } from "../env";
import { Refusal } from "../problem";
import type { StateRef } from "../state/keys";
import type { Caller } from "../state/locks";
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

const maxNameBytes = 200;

/**
 * The name of a state from its part of the path. Everything that earlier Workers took is allowed, except what could
 * not be told apart or found again in the bucket.
 */
export function stateName(raw: string | undefined): string {
  const name = raw ?? "";
  const bytes = new TextEncoder().encode(name).byteLength;
  // A "%" is what is left of an escape that was none; two spellings of one text would be two states.
  if (
    bytes === 0 ||
    bytes > maxNameBytes ||
    /[/\\%\p{Cc}\p{Cs}\uFFFD]/u.test(name) ||
    /^\.{1,2}$|^\s|\s$/.test(name) ||
    name !== name.normalize("NFC")
  ) {
    throw new Refusal({
      status: 400,
      code: "bad_state_name",
      message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of a state`,
      fix: `use 1 to ${maxNameBytes} bytes without slash, backslash, percent or control characters`,
    });
  }
  return name;
}
