import { resolve } from "node:path";
import { r2Endpoint } from "../domain/r2";
import { DEFAULT_STATE_KEY } from "../domain/state";
import type { StateConfig } from "./cluster-config";

/** The stacks of the program. Each has its own state. */
export const stackNames = ["cluster", "proxmox-access", "bootstrap"] as const;
export type StackName = (typeof stackNames)[number];

/** The id of a stack: of several clusters, each has stacks of its own, and they share the bootstrap. */
export function stackId(cluster: string | undefined, stack: StackName): string {
  if (cluster === undefined || stack === "bootstrap") return stack;
  return stack === "cluster" ? cluster : `${cluster}-${stack}`;
}

/** Whether a cluster of this name would have the stack of another one, or that of all. */
export function isReservedName(cluster: string): boolean {
  return cluster === "bootstrap" || cluster.endsWith("proxmox-access");
}

/** The stacks whose state is in `state.backend`. The state of the bootstrap stack is always in its R2 bucket. */
export const movableStacks = ["cluster", "proxmox-access"] as const satisfies readonly StackName[];

/** Where one stack keeps its state. */
export type StateLocation =
  | {
      readonly backend: "r2";
      readonly bucket: string;
      readonly key: string;
      /** URL of the S3 API. If it is undefined, AWS_ENDPOINT_URL_S3 is used. */
      readonly endpoint?: string;
    }
  | { readonly backend: "worker"; readonly url: string }
  | { readonly backend: "local"; readonly path: string };

/**
 * The settings for the state of another stack, whose name is derived from that of the cluster's state: `home.tfstate` and
 * `home-proxmox-access.tfstate`. So two clusters in one bucket, or in one namespace of a Worker, never share a state.
 */
export function stateBeside<State extends Partial<Pick<StateConfig, "key" | "url" | "path">>>(
  state: State,
  name: string,
): State {
  const beside = (text: string) => text.replace(/(\.tfstate)?$/, `-${name}$1`);
  return {
    ...state,
    key: beside(state.key ?? DEFAULT_STATE_KEY),
    url: state.url && beside(state.url),
    path: state.path && beside(state.path),
  };
}

/** Key of the bootstrap stack's state in its bucket. It has no folder, so it is not a state of the tfstate Worker. */
export const BOOTSTRAP_STATE_KEY = "bootstrap.tfstate";
/** Key of the object that says which cluster the bucket belongs to. */
export const BOOTSTRAP_MARKER_KEY = "bootstrap.json";

/** The settings for the state of the bootstrap stack: always in the bucket that it makes, and always locked. */
export function bootstrapState<State extends { readonly key?: string }>(state: State) {
  return { ...state, backend: "r2", key: BOOTSTRAP_STATE_KEY, lock: true } as const;
}

/**
 * The location of the state of `stack`: that of the cluster is configured, that of the bootstrap stack is in its bucket,
 * and the others are derived from that of the cluster.
 *
 * @param folder base of relative paths
 * @throws if the backend is the Worker and no address is set
 */
export function stateLocation(state: StateConfig, stack: StackName, folder: string): StateLocation {
  const own = stateOfStack(state, stack);
  switch (own.backend) {
    case "r2":
      return {
        backend: "r2",
        bucket: own.bucket,
        key: own.key,
        endpoint: own.accountId && r2Endpoint(own.accountId, own.jurisdiction),
      };
    case "worker":
      if (!own.url) throw new Error("state.url is missing; give the address of the state at the Worker");
      return { backend: "worker", url: own.url };
    case "local": {
      const path = own.path === undefined ? `terraform.${stack}.tfstate` : own.path;
      return { backend: "local", path: resolve(folder, path) };
    }
  }
}

function stateOfStack(state: StateConfig, stack: StackName): StateConfig {
  switch (stack) {
    case "cluster":
      return state;
    case "bootstrap":
      return bootstrapState(state);
    default:
      return stateBeside(state, stack);
  }
}

/** The name of a state at a Worker, from its address. It is unique within the namespace of the user. */
export const nameAtWorker = (url: string): string => decodeURIComponent(url.replace(/^.*\//, ""));
