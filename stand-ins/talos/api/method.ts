import type { Machines } from "../machines";
import type { Node } from "../node/node";

export type Role = "os:admin" | "os:operator" | "os:reader" | "os:etcd:backup";

export interface Caller {
  readonly roles: readonly Role[];
}

/** What a handler works on. */
export interface CallContext {
  readonly machines: Machines;
  /** The node that is asked, which need not be the one that took the request. */
  readonly node: Node;
  readonly caller: Caller;
  /** Aborted when the client hangs up or the node goes down. */
  readonly signal: AbortSignal;
}

/** A call that this stand-in serves. */
export interface Method {
  /** One of them is enough. */
  readonly roles: readonly Role[];
  readonly run: (context: CallContext, request: object) => object | Promise<object> | AsyncIterable<object>;
  /** Of a request, for the log: nothing secret. */
  readonly describe?: (request: object) => string;
}

/** Declares a call with the type of its request, which the definitions of the protocol vouch for. */
export function method<Request extends object>(
  roles: readonly Role[],
  run: (context: CallContext, request: Request) => ReturnType<Method["run"]>,
  describe?: (request: Request) => string,
): Method {
  return {
    roles,
    run: (context, request) => run(context, request as Request),
    ...(describe && { describe: (request: object) => describe(request as Request) }),
  };
}

export const ADMIN: readonly Role[] = ["os:admin"];
export const OPERATORS: readonly Role[] = ["os:admin", "os:operator"];
export const READERS: readonly Role[] = ["os:admin", "os:operator", "os:reader"];
