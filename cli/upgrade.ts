// `npm run upgrade [-- --node NAME] [--dry-run]`: brings Talos on the running nodes to the release of cluster.yaml, one by one.
import { upgradeProblems } from "../talos/change/preflight";
import { snapshotName, takeSnapshot } from "../talos/change/safety-snapshot";
import { type PlannedUpgrade, plannedUpgrades, talosUpgrade } from "../talos/change/upgrade";
import type { Cluster } from "../talos/cluster";
import { type ChangeOptions, changeProgram } from "./change-command";
import { beginRoll, type RollCommand, runRoll } from "./roll-command";
import { runTalosProgram } from "./talos-command";

interface UpgradeOptions extends ChangeOptions {
  readonly node?: readonly string[];
  readonly snapshot?: string;
}

const program = changeProgram(
  "upgrade",
  "bring Talos on the running nodes to talos_version and the schematics of cluster.yaml: one node at a time, control " +
    "planes first, each drained, upgraded, compared and uncordoned. a snapshot of etcd is taken first",
)
  .option("--node <name...>", "only these nodes")
  .option("--snapshot <file>", "where the snapshot of etcd goes (default: a new file in this folder)");
runTalosProgram("upgrade", program, upgrade);

async function upgrade(cluster: Cluster, options: UpgradeOptions): Promise<number> {
  const { allowOutage = false, timeout } = options;
  const { nodes, live, facts } = await beginRoll(cluster, options.node, options);
  const command: RollCommand<Omit<PlannedUpgrade, "isUpToDate">> = {
    name: "upgrade",
    planned: plannedUpgrades(nodes, facts).map(({ isUpToDate, ...shown }) => ({
      shown,
      isPending: !isUpToDate,
    })),
    problems: upgradeProblems(facts, nodes, { allowOutage }),
    roll: talosUpgrade(cluster, nodes, timeout),
    prepare: async () => {
      const snapshot = options.snapshot ?? snapshotName(cluster.config.clusterName, new Date());
      await takeSnapshot(cluster, snapshot);
      console.error(`etcd: snapshot in ${snapshot}`);
      return snapshot;
    },
    columns: { from: ({ from }) => from, to: ({ to }) => to },
    would: "would be upgraded",
  };
  return runRoll(cluster, live, command, options);
}
