import { type Command, InvalidArgumentError } from "commander";
import { table } from "../process/table";
import { KubernetesNodes } from "../talos/change/kubernetes-nodes";
import { LiveCluster } from "../talos/change/live-cluster";
import type { ClusterFacts } from "../talos/change/preflight";
import type { RolledNode } from "../talos/change/roll";
import { LeaseHeldError } from "../talos/change/run-lease";
import type { Cluster } from "../talos/cluster";
import { CallError, TalosError } from "../talos/errors";
import { nodeNamed, type TalosNode } from "../talos/node";
import { type TalosOptions, talosProgram } from "./talos-command";

/* What the commands have in common that change a running cluster node by node. */

/** 2 is a difference, as with `tofu plan -detailed-exitcode`; 3 is a guard, as with `npm run plan`. */
export const EXIT = { done: 0, failed: 1, wouldChange: 2, refused: 3 } as const;

export const CHANGE_EXIT_CODES =
  "0 done, or nothing to do; 1 stopped at a failure (run it again to go on); 2 with --dry-run: something would be done; " +
  "3 refused, because the cluster is not healthy or the versions do not fit";

export interface ChangeOptions extends TalosOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly drain: boolean;
  readonly evictUnmanaged?: boolean;
  readonly drainTimeout: number;
  readonly timeout: number;
  readonly allowOutage?: boolean;
}

/** A command that restarts nodes. */
export function changeProgram(name: string, description: string): Command {
  return addDrainOptions(talosProgram(name, description, CHANGE_EXIT_CODES))
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--json", "print one JSON document on stdout; progress is on stderr")
    .option("--timeout <seconds>", "how long a node may take to come back", seconds, 1800)
    .option("--allow-outage", "go on even if etcd has one or two members, and so stops while one restarts");
}

/** The options of a command that drains nodes. */
export function addDrainOptions(command: Command): Command {
  return command
    .option("--no-drain", "leave Kubernetes alone: pods are killed together with their node")
    .option("--drain-timeout <seconds>", "how long the pods of a node may take to go", seconds, 300)
    .option("--evict-unmanaged", "also evict pods without a controller, which nothing starts again");
}

export function seconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("write a whole number of seconds, like 600");
}

/** @throws TalosError if the Kubernetes API is needed and cannot be had */
export async function liveCluster(
  cluster: Cluster,
  {
    drain,
    drainTimeout,
    evictUnmanaged = false,
  }: Pick<ChangeOptions, "drain" | "drainTimeout" | "evictUnmanaged">,
): Promise<LiveCluster> {
  if (!drain) return new LiveCluster(cluster);
  const api = await orNoDrain(() => cluster.kubernetes());
  const options = { timeoutSeconds: drainTimeout, evictUnmanaged, signal: cluster.signal };
  return new LiveCluster(cluster, new KubernetesNodes(api, options));
}

/** What everybody says. @throws TalosError if the Kubernetes API is needed and does not answer */
export const factsOf = (live: LiveCluster): Promise<ClusterFacts> => orNoDrain(() => live.facts());

async function orNoDrain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TalosError)) throw error;
    const said =
      error instanceof CallError ? `the Kubernetes API does not answer: ${error.message}` : error.message;
    throw new TalosError(
      `${said}\nmake it reachable (KUBERNETES_API_ENDPOINT=HOST:PORT for a tunnel), or pass --no-drain: pods are then killed together with their node`,
    );
  }
}

/**
 * Lets a command change nodes while no other run of such a command does. Without Kubernetes (`--no-drain`), nothing keeps two apart.
 * @param refuse says why nothing is touched, and returns the result
 */
export async function withExclusiveRun<T>(
  live: LiveCluster,
  { signal, command }: { readonly signal: AbortSignal; readonly command: string },
  refuse: (problem: string) => T,
  work: () => Promise<T>,
): Promise<T> {
  if (live.kubernetes === undefined) return work();
  try {
    return await live.kubernetes.alone({ command, signal, say: console.error }, work);
  } catch (error) {
    if (error instanceof LeaseHeldError) return refuse(error.message);
    throw error;
  }
}

/** The named nodes, each once, else all. @throws TalosError for a name that no node has */
export const chosenNodes = (
  nodes: readonly TalosNode[],
  names: readonly string[] | undefined,
): readonly TalosNode[] =>
  names === undefined || names.length === 0
    ? nodes
    : [...new Set(names)].map((name) => nodeNamed(nodes, name));

/** What a command has done, or would do. */
export interface ChangeReport {
  readonly dryRun: boolean;
  /** Why nothing was touched. */
  readonly problems: readonly string[];
  /** Path of the snapshot of etcd that was taken. */
  readonly snapshot?: string;
  readonly nodes: readonly (Partial<RolledNode> & { readonly name: string })[];
}

/**
 * Prints it.
 * @param again the command for the nodes that are left @default the same again, which finds out what is done
 * @returns the exit code
 */
export function finish(
  report: ChangeReport,
  { json }: Pick<ChangeOptions, "json">,
  rows: readonly (readonly string[])[],
  head: readonly string[],
  again?: (left: readonly string[]) => string,
): number {
  if (json) console.log(JSON.stringify(report, null, 2));
  else if (rows.length > 0) console.log(table(head, rows));
  const failed = report.nodes.find(({ outcome }) => outcome === "failed");
  if (report.problems.length > 0) {
    return refused(report.problems);
  }
  if (failed) {
    const left = report.nodes.filter(({ outcome }) => outcome === "failed" || outcome === "not reached");
    const how = again?.(left.map(({ name }) => name));
    const then = how ? `run what is left: ${how}` : "run the command again: it goes on from here";
    console.error(`stopped at ${failed.name}: ${failed.reason}\nfix that, then ${then}`);
    return EXIT.failed;
  }
  const wouldChange = report.dryRun && report.nodes.some(({ outcome }) => outcome === undefined);
  return wouldChange ? EXIT.wouldChange : EXIT.done;
}

/** Says why nothing was done. @returns the exit code */
export function refused(problems: readonly string[]): number {
  console.error(`refused, nothing was touched:\n${problems.map((each) => `  ${each}`).join("\n")}`);
  return EXIT.refused;
}
