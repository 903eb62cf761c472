import type { LiveCluster } from "../talos/change/live-cluster";
import type { ClusterFacts } from "../talos/change/preflight";
import { type Roll, type RolledNode, rollNodes } from "../talos/change/roll";
import type { Cluster } from "../talos/cluster";
import type { TalosNode } from "../talos/node";
import {
  type ChangeOptions,
  chosenNodes,
  factsOf,
  finish,
  liveCluster,
  withExclusiveRun,
} from "./change-command";

/* What `npm run upgrade` and `npm run reboot` have in common: they restart nodes, one by one. */

/** What would be done to a node, for the user to read. */
export interface PlannedNode<Shown extends { readonly name: string }> {
  /** As it is in the report. */
  readonly shown: Shown;
  /** Whether there is something to do. */
  readonly isPending: boolean;
}

export interface RollCommand<Shown extends { readonly name: string }> {
  readonly name: "upgrade" | "reboot";
  readonly planned: readonly PlannedNode<Shown>[];
  /** Why no node may be touched. */
  readonly problems: readonly string[];
  readonly roll: Roll;
  /** Is done before the first node is touched. @returns where the snapshot is, if there is one */
  readonly prepare?: () => Promise<string | undefined>;
  /** The columns between the name and the outcome, each with its head. */
  readonly columns: Readonly<Record<string, (shown: Shown) => string>>;
  /** `would be upgraded` */
  readonly would: string;
  /** The command for the nodes that are left @default the same again, which finds out what is done */
  readonly again?: (left: readonly string[]) => string;
}

/** The chosen nodes, and what all of them say. @throws TalosError if Kubernetes is needed and does not answer */
export async function beginRoll(
  cluster: Cluster,
  names: readonly string[] | undefined,
  options: ChangeOptions,
): Promise<{
  readonly nodes: readonly TalosNode[];
  readonly live: LiveCluster;
  readonly facts: ClusterFacts;
}> {
  const nodes = chosenNodes(cluster.nodes, names);
  const live = await liveCluster(cluster, options);
  return { nodes, live, facts: await factsOf(live) };
}

/** Shows what would be done, or does it while nobody else does. @returns the exit code */
export async function runRoll<Shown extends { readonly name: string }>(
  { signal }: Cluster,
  live: LiveCluster,
  command: RollCommand<Shown>,
  options: ChangeOptions,
): Promise<number> {
  const { dryRun = false, timeout: timeoutSeconds } = options;
  const { name, planned, problems, columns, again } = command;
  const isPending = planned.some((each) => each.isPending);
  const report = (
    nodes: readonly (Shown & Partial<RolledNode>)[],
    more: object,
    words: readonly string[],
  ) => {
    const rows = nodes.map((node, index) => [
      node.name,
      ...Object.values(columns).map((cell) => cell(node)),
      words[index] ?? "",
    ]);
    const head = ["node", ...Object.keys(columns), "outcome"];
    return finish({ dryRun, problems: [], ...more, nodes }, options, rows, head, again);
  };
  const refuse = (reasons: readonly string[]) => {
    const nodes = planned.map((each) => ({
      ...each.shown,
      ...(!each.isPending && { outcome: "unchanged" as const }),
    }));
    return report(
      nodes,
      { problems: reasons },
      nodes.map(({ outcome }) => outcome ?? command.would),
    );
  };
  if (dryRun || (problems.length > 0 && isPending)) return refuse(problems);
  const roll = async () => {
    const snapshot = isPending ? await command.prepare?.() : undefined;
    const results = await rollNodes(live, command.roll, { timeoutSeconds, signal, say: console.error });
    const nodes = planned.map(({ shown }) => ({
      ...shown,
      ...results.find((result) => result.name === shown.name),
    }));
    return report(
      nodes,
      snapshot === undefined ? {} : { snapshot },
      nodes.map(({ outcome = "" }) => outcome),
    );
  };
  return withExclusiveRun(live, { command: name, signal }, (problem) => refuse([problem]), roll);
}
