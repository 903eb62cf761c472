import type { Hono } from "hono";
import { z } from "zod";
import type { StateRef } from "../../../domain/state-objects";
import type { WorkerScope } from "../../../domain/tfstate-worker";
import { Refusal } from "../errors/refusal";
import { type AppContext, type AppEnv, requirePermission, stateName } from "./context";

type Shape = z.ZodType | undefined;
type Parsed<S extends Shape> = S extends z.ZodType ? z.infer<S> : undefined;

/** One route: what it is called, who may use it, what it takes and gives. The OpenAPI document is made of these. */
export interface Route<Query extends Shape = Shape, Body extends Shape = Shape> {
  readonly method: "get" | "post" | "put" | "delete";
  /** Method of WebDAV that does the same; OpenAPI has no place for it. */
  readonly webDav?: "LOCK" | "UNLOCK";
  /** Further path of that method: many configurations have one address for the state and its lock. */
  readonly webDavAt?: string;
  /** `{name}` is the name of a state; it is checked, and the caller's state patterns must match it. */
  readonly path: string;
  readonly scope: WorkerScope;
  readonly summary: string;
  readonly query?: Query;
  /** Schema of a JSON body. A route without one reads the body itself. */
  readonly body?: Body;
  /** Schema of the JSON that a success answers with. */
  readonly answer?: z.ZodType;
}

export interface Call<Query extends Shape, Body extends Shape> {
  readonly context: AppContext;
  /** The state that the path names; on routes without one, the name is empty. */
  readonly ref: StateRef;
  readonly query: Parsed<Query>;
  readonly body: Parsed<Body>;
}

/** Every route that was added, in order. */
export class Routes {
  readonly all: Route[] = [];

  constructor(private readonly app: Hono<AppEnv>) {}

  add<Query extends Shape = undefined, Body extends Shape = undefined>(
    route: Route<Query, Body>,
    handle: (call: Call<Query, Body>) => Promise<Response>,
  ): void {
    this.all.push(route);
    const serve = async (context: AppContext): Promise<Response> => {
      const named = route.path.includes("{name}");
      const name = named ? stateName(context.req.param("name")) : "";
      const principal = context.get("principal");
      requirePermission(principal, route.scope, named ? name : null);
      const query = parse(route.query, context.req.query(), "query") as Parsed<Query>;
      const body = (route.body ? parse(route.body, await json(context), "body") : undefined) as Parsed<Body>;
      return handle({ context, ref: { namespace: principal.namespace, name }, query, body });
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
