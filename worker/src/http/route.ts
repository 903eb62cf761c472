import type { Hono } from "hono";
import { z } from "zod";
import { isStateName, type StateRef } from "../../../domain/state-objects";
import type { WorkerScope } from "../../../domain/tfstate-worker";
import { nameOf, type Principal, permits, reachesAll } from "../auth/principal";
import { Refusal } from "../errors/refusal";
import type { AppContext, AppEnv } from "./context";

type Shape = z.ZodType | undefined;
type Parsed<S extends Shape> = S extends z.ZodType ? z.infer<S> : undefined;

/**
 * Which states a route is about, and so how the caller's patterns bound it: `state`, the one that `{name}` in its path
 * names, which they must match; `matching states`, of which it shows those that they match; `whole namespace`, where they
 * must match every name; `own tokens`, those that may do nothing which the caller may not; `no state`.
 */
export type Reach = "state" | "matching states" | "whole namespace" | "own tokens" | "no state";
/** What the path of a route with this reach says of the state. */
type Ref<R extends Reach> = R extends "state" ? StateRef : null;

/** One route: what it is called, who may use it, what it takes and gives. The OpenAPI document is made of these. */
export interface Route<R extends Reach = Reach, Query extends Shape = Shape, Body extends Shape = Shape> {
  readonly method: "get" | "post" | "put" | "delete";
  /** Method of WebDAV that does the same; OpenAPI has no place for it. */
  readonly webDav?: "LOCK" | "UNLOCK";
  /** Further path of that method: many configurations have one address for the state and its lock. */
  readonly webDavAt?: string;
  /** `{name}` is the name of a state. */
  readonly path: R extends "state" ? `${string}/{name}${string}` : string;
  /** What the caller must be allowed to do; null if any credential will do. */
  readonly scope: WorkerScope | null;
  readonly reach: R;
  readonly summary: string;
  /** For browsers; it is not in the OpenAPI document. */
  readonly isPage?: boolean;
  readonly query?: Query;
  /** Schema of a JSON body. A route without one reads the body itself. */
  readonly body?: Body;
  /** Schema of the JSON that a success answers with. */
  readonly answer?: z.ZodType;
}

export interface Call<R extends Reach, Query extends Shape, Body extends Shape> {
  readonly context: AppContext;
  readonly principal: Principal;
  /** The state that the path names. */
  readonly ref: Ref<R>;
  readonly query: Parsed<Query>;
  readonly body: Parsed<Body>;
}

/** Every route that was added, in order. */
export class Routes {
  readonly all: Route[] = [];

  constructor(private readonly app: Hono<AppEnv>) {}

  add<R extends Reach, Query extends Shape = undefined, Body extends Shape = undefined>(
    route: Route<R, Query, Body>,
    handle: (call: Call<R, Query, Body>) => Promise<Response>,
  ): void {
    this.all.push(route);
    const serve = async (context: AppContext): Promise<Response> => {
      const principal = context.get("principal");
      const name = route.reach === "state" ? stateName(context.req.param("name")) : null;
      requirePermission(principal, route, name);
      const ref = (name === null ? null : { namespace: principal.namespace, name }) as Ref<R>;
      const query = parse(route.query, context.req.query(), "query") as Parsed<Query>;
      const body = (route.body ? parse(route.body, await json(context), "body") : undefined) as Parsed<Body>;
      return handle({ context, principal, ref, query, body });
    };
    const pattern = (path: string) => path.replace(/\{(\w+)\}/g, ":$1");
    this.app.on(
      [route.method.toUpperCase(), ...(route.webDav ? [route.webDav] : [])],
      pattern(route.path),
      serve,
    );
    if (route.webDav && route.webDavAt) this.app.on(route.webDav, pattern(route.webDavAt), serve);
  }
}

/** The name of a state from its part of the path. @throws Refusal if no state can have it */
export function stateName(raw: string | undefined): string {
  const name = raw ?? "";
  if (isStateName(name)) return name;
  throw new Refusal({ code: "bad_state_name", name });
}

/**
 * The one check of scopes and patterns.
 * @param state name of the state, or null if the route names none
 * @throws Refusal 403 where the caller may not use the route
 */
function requirePermission(
  principal: Principal,
  { scope, reach }: Pick<Route, "scope" | "reach">,
  state: string | null,
): void {
  const isOfAll = reach === "whole namespace";
  if ((scope === null || permits(principal, scope, state)) && (!isOfAll || reachesAll(principal))) return;
  const ofAll = isOfAll ? ` on every state of "${principal.namespace}"` : "";
  const where = state === null ? ofAll : ` on "${state}"`;
  throw new Refusal({ code: "forbidden", principal: nameOf(principal), lacks: `${scope} scope${where}` });
}

function parse(schema: Shape, value: unknown, where: "query" | "body"): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reason = z.prettifyError(parsed.error).replaceAll("\n", " ");
  throw new Refusal({ code: `bad_${where}`, reason });
}

/** Longest body of LOCK, UNLOCK and of the JSON routes. */
const maxTextBytes = 64 * 1024;

/** The body as text. One that is too long is not read to its end, whether or not it says how long it is. */
export async function text(context: AppContext): Promise<string> {
  const { raw } = context.req;
  const announced = Number(raw.headers.get("content-length") ?? Number.NaN);
  if (announced <= maxTextBytes) return raw.text(); // the runtime reads no more than was announced
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of raw.body ?? []) {
    length += chunk.byteLength;
    if (length > maxTextBytes) throw new Refusal({ code: "body_too_large", limit: maxTextBytes });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

async function json(context: AppContext): Promise<unknown> {
  try {
    return JSON.parse((await text(context)) || "{}");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal({ code: "bad_body", reason: "the body is not JSON" });
  }
}
