// `npm run replace-node -- NODE`: a new VM for a node that is lost or has to be recreated.
import { memberProblems } from "../talos/change/etcd-problems";
import { LiveCluster } from "../talos/change/live-cluster";
import { waitUntilFine } from "../talos/change/poll";
import { nodeProblems } from "../talos/change/preflight";
import type { Cluster } from "../talos/cluster";
import { isControlPlane, nodeNamed, type TalosNode } from "../talos/node";
import { EXIT } from "./change-command";
import { printReport, type RemovalOptions, removalProgram, takeOut } from "./removal-command";
import { planDeploy, runDeploy } from "./run-deploy";
import { runTalosProgram } from "./talos-command";

const program = removalProgram(
  "replace-node",
  "give a node a new VM with the same name, address and config. a control plane that is gone is removed from etcd first; a node " +
    "that still answers leaves by itself and is wiped",
);
runTalosProgram<RemovalOptions>("replace-node", program, (cluster, options) =>
  run(cluster, program.args[0] ?? "", options),
);

async function run(cluster: Cluster, name: string, options: RemovalOptions): Promise<number> {
  const node = nodeNamed(cluster.nodes, name);
  const deploy = { node, nodes: cluster.nodes, replaces: true, env: process.env };
  const { code, report } = await takeOut(cluster, name, options, {
    command: "replace-node",
    // The old VM goes in any case, so it cannot come back as a stranger.
    removal: (isLost) => ({ node, isLost }),
    // Afterwards is too late: the node would be gone until somebody has fixed what the deploy is refused for.
    laterProblems: async () => (options.deploy ? deployProblems(name, await planDeploy(deploy)) : []),
    afterwards: "its VM and its disks are destroyed, and a new VM gets its config",
  });
  if (code !== undefined) {
    printReport(options, report);
    return code;
  }
  if (!options.deploy) {
    console.error(`${name} is out of the cluster; run npm run replace-node -- ${name} without --no-deploy`);
    printReport(options, report, "to be done");
    return EXIT.done;
  }
  const deployed = await runDeploy(deploy);
  if (deployed !== 0) {
    printReport(options, report, "failed");
    console.error(`fix what the deploy reports, then run npm run replace-node -- ${name} again`);
    return EXIT.failed;
  }
  try {
    await untilItRuns(cluster, node, options);
  } catch (error) {
    cluster.signal.throwIfAborted();
    printReport(options, report, "failed");
    console.error(
      `stopped: ${(error as Error).message}\nits new VM is there, so do not replace it again: npm run health says what it waits for`,
    );
    return EXIT.failed;
  }
  console.error(`${name}: runs in its new VM`);
  printReport(options, report, "done");
  return EXIT.done;
}

/** @param code exit code of the plan */
function deployProblems(name: string, code: number): readonly string[] {
  if (code === 0) return [];
  const what =
    code === EXIT.refused
      ? "would lose more than its VM, so it would be refused: undo that, or deploy it by itself first"
      : "cannot be planned: fix what it reports";
  return [`${name}: the deploy that gives it a new VM ${what}`];
}

/** @throws Error with what is still missing */
function untilItRuns(cluster: Cluster, node: TalosNode, { timeout }: RemovalOptions): Promise<void> {
  const live = new LiveCluster(cluster);
  return waitUntilFine(
    async () => {
      const facts = new Map([[node.name, await live.factsOf(node)]]);
      const [problem] = nodeProblems(node, { facts });
      if (problem !== undefined || !isControlPlane(node)) return problem;
      // Another control plane may still be lost.
      return memberProblems(node.name, await live.etcdViews())[0];
    },
    { timeoutSeconds: timeout, signal: cluster.signal },
  );
}
