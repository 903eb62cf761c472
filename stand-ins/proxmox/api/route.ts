import type { Caller } from "../access/caller";
import type { Cluster } from "../cluster";
import { checkParameters, type ParameterTable, type ParameterValues, type RawParameters } from "./parameters";
import type { Permission } from "./permission";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

type PathNames<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** One call of the API, with everything a handler may need. */
export interface Call<Path extends string, Params> {
  readonly cluster: Cluster;
  readonly caller: Caller;
  /** The values of the path template, decoded. */
  readonly path: Readonly<Record<Path, string>>;
  readonly params: Params;
}

export interface RouteSpec<T extends string, P extends ParameterTable> {
  readonly method: Method;
  /** As the API documentation writes it: `/nodes/{node}/qemu/{vmid}`. */
  readonly template: T;
  /** @default none */
  readonly parameters?: P;
  readonly permission: Permission;
  /** The value of `data` in the answer. @throws ApiError */
  readonly handle: (call: Call<PathNames<T>, ParameterValues<P>>) => unknown;
}

/** A route whose types have been checked where it was defined. */
export interface Route {
  readonly method: Method;
  readonly template: string;
  readonly permission: Permission;
  /** Checks the parameters and carries the call out. */
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
