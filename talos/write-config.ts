import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { writeFileAtomic } from "../process/write-file-atomic";
import { TalosError } from "./errors";
import { type MergeResult, mergeKubeconfig, mergeTalosconfig } from "./merge-config";

/** A kubeconfig or a talosconfig. */
export type ConfigKind = "kubeconfig" | "talosconfig";

const KINDS = {
  kubeconfig: { variable: "KUBECONFIG", home: ".kube/config", merge: mergeKubeconfig },
  talosconfig: { variable: "TALOSCONFIG", home: ".talos/config", merge: mergeTalosconfig },
} as const;

export interface MergeOptions {
  /** Whether another cluster's context of the same name may be replaced. */
  readonly replace: boolean;
  /** Whether the cluster's context becomes the current one. */
  readonly use: boolean;
}

/** The user's own file, where kubectl and talosctl look first. */
export function userConfigPath(kind: ConfigKind, env: NodeJS.ProcessEnv): string {
  const { variable, home } = KINDS[kind];
  const [first] = (env[variable] ?? "").split(delimiter).filter(Boolean);
  return first ? resolve(first) : join(env.HOME || homedir(), home);
}

/**
 * Adds the cluster to the user's own file, which is replaced in one step, with mode 600.
 * @returns its path, and the name of the context
 * @throws TalosError if the file has another cluster of that name
 */
export function mergeIntoUserConfig(
  kind: ConfigKind,
  added: string,
  env: NodeJS.ProcessEnv,
  options: MergeOptions,
): Pick<MergeResult, "context"> & { readonly path: string } {
  const path = userConfigPath(kind, env);
  const existing = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const { text, context } = KINDS[kind].merge({ existing, path, added, ...options });
  write(path, text);
  return { path, context };
}

/**
 * Writes a file of its own, with mode 600. One that is there is replaced only if it is of the same cluster and no other.
 * @throws TalosError if it is not
 */
export function writeOwnConfig(kind: ConfigKind, path: string, text: string, replace: boolean): void {
  if (!replace && existsSync(path) && !isOfSameCluster(readFileSync(path, "utf8"), text)) {
    throw new TalosError(
      `${path} exists and is not the ${kind} of this cluster alone; name another file, or replace it with --replace`,
    );
  }
  write(path, text);
}

/** The CA is the same as long as the cluster is, and no other cluster has it. */
function isOfSameCluster(one: string, other: string): boolean {
  const [ca, ...more] = casIn(one);
  return ca !== undefined && more.length === 0 && ca === casIn(other)[0];
}

/** The CA of each cluster in a kubeconfig, or of each context in a talosconfig. */
function casIn(text: string): readonly unknown[] {
  // Whatever the file of a user is.
  const { clusters, contexts } = (parseDocument(text).toJS() ?? {}) as {
    readonly clusters?: readonly { readonly cluster?: Readonly<Record<string, unknown>> }[];
    readonly contexts?: Readonly<Record<string, { readonly ca?: unknown }>>;
  };
  if (Array.isArray(clusters)) return clusters.map((each) => each?.cluster?.["certificate-authority-data"]);
  return Object.values(contexts ?? {}).map((context) => context?.ca);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomic(path, text);
}
