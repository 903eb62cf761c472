import type { Command } from "commander";
import { confirm } from "../../process/confirm";
import { LiveCluster } from "../../talos/change/live-cluster";
import { otherClusterIn } from "../../talos/change/safety-snapshot";
import type { Cluster } from "../../talos/cluster";
import { TalosError } from "../../talos/errors";
import { restoreEtcd, restoreProblems } from "../../talos/etcd/restore";
import { requireSnapshot } from "../../talos/etcd/snapshot-file";
import { isControlPlane } from "../../talos/node";
import { EXIT, refused, seconds } from "../change-command";
import { addTalosOptions, runOnCluster, type TalosOptions } from "../talos-command";

interface RestoreOptions extends TalosOptions {
  readonly yes?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly replaceHealthy?: boolean;
  readonly skipHashCheck?: boolean;
  readonly timeout: number;
}

export function addRestoreCommand(program: Command): void {
  addTalosOptions(program.command("restore <file>"))
    .description(
      "recreate etcd from a snapshot: EPHEMERAL, which is all of /var, is wiped on all control planes, and everything that was " +
        "stored in Kubernetes since the snapshot is lost. for a cluster that has lost its quorum for good",
    )
    .option("--yes <name>", "the name of the cluster, instead of typing it on the terminal")
    .option("--replace-healthy", "restore even if etcd has a quorum")
    .option("--skip-hash-check", "accept a copy of a member's database file, which has no checksum")
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--json", "print one JSON document on stdout; progress is on stderr")
    .option("--timeout <seconds>", "how long a control plane may take to come back", seconds, 1800)
    .addHelpText(
      "after",
      "\nexit codes: 0 restored; 1 stopped at a failure, or not confirmed (run it again to go on); 2 with --dry-run: it would be " +
        "done; 3 refused: a control plane does not answer, or etcd has a quorum",
    )
    .action((file: string, options: RestoreOptions) =>
      runOnCluster(options, (cluster) => restore(cluster, file, options)),
    );
}

async function restore(cluster: Cluster, file: string, options: RestoreOptions): Promise<number> {
  const { dryRun = false, replaceHealthy = false, skipHashCheck = false, timeout, yes } = options;
  const { clusterName } = cluster.config;
  requireSnapshot(file, { skipHashCheck });
  const other = otherClusterIn(file, clusterName);
  if (other !== undefined) {
    throw new TalosError(
      `${file} is a snapshot of the cluster ${other} by its name, and this is ${clusterName}; name one of ${clusterName}, choose the other cluster with --cluster, or rename the file if it is the right one`,
    );
  }
  if (yes !== undefined && yes !== clusterName) {
    throw new TalosError(`--yes ${yes} is not the name of the cluster; write --yes ${clusterName}`);
  }
  const live = new LiveCluster(cluster);
  const controlPlanes = cluster.nodes.filter(isControlPlane).map(({ name }) => name);
  let problems: readonly string[] = [];
  const print = (outcome: string) => {
    if (options.json)
      console.log(JSON.stringify({ dryRun, problems, file, controlPlanes, outcome }, null, 2));
  };
  const isRefused = async () => {
    problems = restoreProblems(await live.facts(), { replacesHealthy: replaceHealthy });
    if (problems.length === 0) return false;
    print("refused");
    refused(problems);
    return true;
  };
  if (await isRefused()) return EXIT.refused;
  console.error(
    `${clusterName}: EPHEMERAL of ${controlPlanes.join(", ")} is wiped, and etcd starts from ${file}. what Kubernetes has learnt since then is gone, and ` +
      "so are volumes of pods that are in /var of these nodes; those on other nodes and disks stay",
  );
  if (dryRun) {
    print("would be restored");
    return EXIT.wouldChange;
  }
  if (yes === undefined) {
    const isTyped = await confirm("Type the name of the cluster to go on.", {
      expected: clusterName,
      signal: cluster.signal,
    });
    if (isTyped === undefined) {
      throw new TalosError(
        `there is no terminal to type the name of the cluster on; pass --yes ${clusterName}`,
      );
    }
    if (!isTyped) {
      console.error("nothing was touched");
      return EXIT.failed;
    }
    // While the name was typed, etcd may have come back.
    if (await isRefused()) return EXIT.refused;
  }
  try {
    const { signal } = cluster;
    await restoreEtcd(cluster, live, {
      file,
      skipHashCheck,
      timeoutSeconds: timeout,
      signal,
      say: console.error,
    });
  } catch (error) {
    cluster.signal.throwIfAborted();
    print("failed");
    console.error(`stopped: ${(error as Error).message}\nfix that, then run the command again`);
    return EXIT.failed;
  }
  print("restored");
  return EXIT.done;
}
