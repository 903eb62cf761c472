import { join, resolve, sep } from "node:path";
import type { StateConfig } from "./cluster-config";

/** The stacks of the program; each keeps a state of its own. */
export const stackNames = ["cluster", "proxmox-access", "bootstrap"] as const;
export type StackName = (typeof stackNames)[number];

/** Where one stack keeps its state. */
export type StatePlace =
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
 * Where `stack` keeps its state: the cluster where the configuration says, each other stack beside it under its
 * own name.
 *
 * @param folder what relative paths start from
 * @throws where the backend is the Worker and no address is given
 */
export function statePlace(state: StateConfig, stack: StackName, folder: string): StatePlace {
  const isCluster = stack === "cluster";
  switch (state.backend) {
    case "r2": {
      const { bucket, key } = state;
      const endpoint = r2Endpoint(state);
      return { backend: "r2", bucket, key: isCluster ? key : beside(key, "/", `${stack}.tfstate`), endpoint };
    }
    case "worker": {
      const { url } = state;
      if (!url) throw new Error("state.url is missing; give the address of the state at the Worker");
      return { backend: "worker", url: isCluster ? url : beside(url, "/", stack) };
    }
    case "local": {
      const file = `${stack}.tfstate`;
      if (state.path === undefined) return { backend: "local", path: join(folder, `terraform.${file}`) };
      const path = resolve(folder, state.path);
      return { backend: "local", path: isCluster ? path : beside(path, sep, file) };
    }
  }
}

/** The S3 endpoint of an account; each jurisdiction has its own. */
export function r2Endpoint({
  accountId,
  jurisdiction,
}: Pick<StateConfig, "accountId" | "jurisdiction">): string | undefined {
  if (accountId === undefined) return undefined;
  return `https://${[accountId, jurisdiction, "r2.cloudflarestorage.com"].filter(Boolean).join(".")}`;
}

function beside(path: string, separator: string, name: string): string {
  return [...path.split(separator).slice(0, -1), name].join(separator);
}
