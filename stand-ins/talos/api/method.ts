import type { Machines } from "../machines";
import type { Node } from "../node/node";
import type { Caller, Role } from "./caller";

/** What a handler works on. */
export interface CallContext {
  readonly machines: Machines;
  /** The node that the request is for, which may be another one than the node that received it. */
  readonly node: Node;
  readonly caller: Caller;
  /** Aborted when the client hangs up or the node goes down. */
  readonly signal: AbortSignal;
}

/** The request of a method that gets a file in chunks. */
export interface Upload {
  readonly bytes: Buffer;
}

/** An API method that this stand-in serves. */
export interface Method {
  /** The roles that may call it; one of them is enough. */
  readonly roles: readonly Role[];
  readonly run: (context: CallContext, request: object) => object | Promise<object> | AsyncIterable<object>;
  /** The first minor version of Talos that has it: `v1.13.0`. @default - every version */
  readonly since?: string;
  /** Describes a request in the call log, without anything secret. */
  readonly describe?: (request: object) => string;
}

/** Declares a method with the type of its request. The protocol definitions guarantee that requests have that type. */
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
