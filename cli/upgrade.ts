// `npm run upgrade [-- --node NAME] [--dry-run]`: brings Talos on the running nodes to the release of cluster.yaml, one by one.
import { upgradeProblems } from "../talos/change/preflight";
import { rollNodes } from "../talos/change/roll";
import { snapshotName, takeSnapshot } from "../talos/change/safety-snapshot";
import { type PlannedUpgrade, plannedUpgrades, talosUpgrade } from "../talos/change/upgrade";
import type { Cluster } from "../talos/cluster";
import {
  type ChangeOptions,
  changeProgram,
  chosenNodes,
  factsOf,
  finish,
  liveCluster,
} from "./change-command";
import { runTalosProgram } from "./talos-command";

interface UpgradeOptions extends ChangeOptions {
  readonly node?: readonly string[];
  readonly snapshot?: string;
}

const HEAD = ["node", "from", "to", "outcome"];

const program = changeProgram(
  "upgrade",
  "bring Talos on the running nodes to talos_version and the schematics of cluster.yaml: one node at a time, control " +
    "planes first, each drained, upgraded, compared and uncordoned. a snapshot of etcd is taken first",
)
  .option("--node <name...>", "only these nodes")
  .option("--snapshot <file>", "where the snapshot of etcd goes (default: a new file in this folder)");
runTalosProgram("upgrade", program, upgrade);

async function upgrade(cluster: Cluster, options: UpgradeOptions): Promise<number> {
  const { dryRun = false, allowOutage = false, timeout } = options;
  const nodes = chosenNodes(cluster.nodes, options.node);
  const live = await liveCluster(cluster, options);
  const facts = await factsOf(live);
  const planned = plannedUpgrades(nodes, facts);
  const isPending = planned.some(({ isUpToDate }) => !isUpToDate);
  const problems = upgradeProblems({ ...facts, nodes: cluster.nodes }, nodes, { allowOutage });
  if (dryRun || (problems.length > 0 && isPending)) {
    const shown = planned.map(({ isUpToDate, ...each }) => ({
      ...each,
      ...(isUpToDate && { outcome: "unchanged" as const }),
    }));
    return finish({ dryRun, problems, nodes: shown }, options, rowsOf(planned), HEAD);
  }
  const snapshot = isPending
    ? (options.snapshot ?? snapshotName(cluster.config.clusterName, new Date()))
    : undefined;
  if (snapshot !== undefined) {
    await takeSnapshot(cluster, snapshot);
    console.error(`etcd: snapshot in ${snapshot}`);
  }
  const results = await rollNodes(live, talosUpgrade(cluster, nodes, timeout), {
    timeoutSeconds: timeout,
    signal: cluster.signal,
    say: console.error,
  });
  const done = planned.map(({ isUpToDate: _, ...each }) => ({
    ...each,
    ...results.find(({ name }) => name === each.name),
  }));
  const report = { dryRun, problems: [], ...(snapshot && { snapshot }), nodes: done };
  return finish(
    report,
    options,
    done.map(({ name, from, to, outcome = "" }) => [name, from, to, outcome]),
    HEAD,
  );
}

const rowsOf = (planned: readonly PlannedUpgrade[]) =>
  planned.map(({ name, from, to, isUpToDate }) => [
    name,
    from,
    to,
    isUpToDate ? "unchanged" : "would be upgraded",
  ]);
