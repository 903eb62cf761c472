import { resolve } from "node:path";
import { r2Endpoint } from "../domain/r2";
import { DEFAULT_STATE_KEY } from "../domain/state";
import type { StateConfig } from "./cluster-config";

/** The stacks of the program; each keeps a state of its own. */
export const stackNames = ["cluster", "proxmox-access", "bootstrap"] as const;
export type StackName = (typeof stackNames)[number];

/** The stacks whose state is where `state.backend` says. That of the bootstrap stack is always in its bucket in R2. */
export const movableStacks = ["cluster", "proxmox-access"] as const satisfies readonly StackName[];

/** Where one stack keeps its state. */
export type StateLocation =
  | {
      readonly backend: "r2";
      readonly bucket: string;
      readonly key: string;
      /** `https://…` of the S3 API; unset leaves it to AWS_ENDPOINT_URL_S3. */
      readonly endpoint?: string;
    }
  | { readonly backend: "worker"; readonly url: string }
  | { readonly backend: "local"; readonly path: string };

/**
 * `state` for another stack, which keeps its own beside the one of the cluster: `home.tfstate` and
 * `home-bootstrap.tfstate`. So two clusters in one bucket, or in one namespace of a Worker, never share one.
 */
export function stateBeside<State extends Partial<Pick<StateConfig, "key" | "url" | "path">>>(
  state: State,
  name: string,
): State {
  const beside = (place: string) => place.replace(/(\.tfstate)?$/, `-${name}$1`);
  return {
    ...state,
    key: beside(state.key ?? DEFAULT_STATE_KEY),
    url: state.url && beside(state.url),
    path: state.path && beside(state.path),
  };
}

/** Key of the bootstrap stack's state in its bucket. At the top, where the tfstate Worker neither looks nor writes. */
export const BOOTSTRAP_STATE_KEY = "bootstrap.tfstate";
/** Key of the object that says which cluster the bucket belongs to. */
export const BOOTSTRAP_MARKER_KEY = "bootstrap.json";

/** `state` for the bootstrap stack: always in the bucket that it makes, whatever the other stacks use. */
export function bootstrapState<State extends { readonly key?: string }>(state: State) {
  return { ...state, backend: "r2", key: BOOTSTRAP_STATE_KEY, lock: true } as const;
}

/**
 * Where `stack` keeps its state: the cluster where the configuration says, the bootstrap stack in its bucket, each
 * other stack beside the cluster.
 *
 * @param folder what relative paths start from
 * @throws where the backend is the Worker and no address is given
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

/** The name of a state at a Worker, from its address; the Worker keeps it below its user's namespace. */
export const nameAtWorker = (url: string): string => decodeURIComponent(url.replace(/^.*\//, ""));
