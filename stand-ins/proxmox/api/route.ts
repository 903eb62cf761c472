import type { Caller } from "../access/access-control";
import type { Cluster } from "../cluster";
import { checkParameters, type ParameterTable, type ParameterValues, type RawParameters } from "./parameters";
import type { Permission } from "./permission";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

type PathNames<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** A call of the API, as its handler gets it. */
export interface Call<Path extends string, Params> {
  readonly cluster: Cluster;
  readonly caller: Caller;
  /** The decoded values of the path template. */
  readonly path: Readonly<Record<Path, string>>;
  readonly params: Params;
}

export interface RouteSpec<T extends string, P extends ParameterTable> {
  readonly method: Method;
  /** The path as in the API documentation: `/nodes/{node}/qemu/{vmid}`. */
  readonly template: T;
  /** @default - none */
  readonly parameters?: P;
  readonly permission: Permission;
  /** @returns the value of `data` in the answer @throws ApiError */
  readonly handle: (call: Call<PathNames<T>, ParameterValues<P>>) => unknown;
}

/** A route of any type; {@link route} has checked the types of path and parameters. */
export interface Route {
  readonly method: Method;
  readonly template: string;
  readonly permission: Permission;
  /** Checks the parameters and runs the handler. */
  readonly run: (
    cluster: Cluster,
    caller: Caller,
    path: Readonly<Record<string, string>>,
    raw: RawParameters,
  ) => unknown;
}

export function route<T extends string, P extends ParameterTable = Record<never, never>>(
  spec: RouteSpec<T, P>,
): Route {
  const table = spec.parameters ?? ({} as P);
  return {
    method: spec.method,
    template: spec.template,
    permission: spec.permission,
    run: (cluster, caller, path, raw) =>
      spec.handle({ cluster, caller, path, params: checkParameters(table, raw) }),
  };
}
