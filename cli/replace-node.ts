// `npm run replace-node -- NODE`: a new VM for a node that is lost, or that is to be made anew.
import { etcdProblems } from "../talos/change/etcd-problems";
import { LiveCluster } from "../talos/change/live-cluster";
import { waitUntilFine } from "../talos/change/poll";
import { namesOfControlPlanes } from "../talos/change/preflight";
import type { Cluster } from "../talos/cluster";
import { nodeNamed } from "../talos/node";
import { EXIT } from "./change-command";
import { type RemovalOptions, removalProgram, takeOut } from "./removal-command";
import { runDeploy } from "./run-deploy";
import { runOnCluster } from "./talos-command";

const program = removalProgram(
  "replace-node",
  "gives a node a new VM with the same name, address and config. a control plane that is gone is removed from etcd first; a node " +
    "that still answers leaves by itself and is wiped",
);
program.parse();
const options = program.opts<RemovalOptions>();
void runOnCluster(options, (cluster) => run(cluster, program.args[0] ?? "", options));

async function run(cluster: Cluster, name: string, options: RemovalOptions): Promise<number> {
  const node = nodeNamed(cluster.nodes, name);
  const isProtected = cluster.config.nodes.some((each) => each.name === name && each.protection);
  const { code, report } = await takeOut(cluster, name, options, {
    // The old VM goes in any case, so it cannot come back as a stranger.
    removal: (isLost) => ({ node, isLost }),
    afterwards: "its VM and its disks are destroyed, and a new VM gets its config",
    problems: isProtected
      ? [`${name} has protection: true; set it to false and run npm run deploy first`]
      : [],
  });
  const print = (deploy?: string) => {
    if (options.json) console.log(JSON.stringify({ ...report, ...(deploy && { deploy }) }, null, 2));
  };
  if (code !== undefined) {
    print();
    return code;
  }
  if (!options.deploy) {
    console.error(`${name} is out of the cluster; run npm run replace-node -- ${name} without --no-deploy`);
    print("to be done");
    return EXIT.done;
  }
  const deployed = await runDeploy({ node, nodes: cluster.nodes, replaces: true, env: process.env });
  if (deployed !== 0) {
    print("failed");
    console.error(`mend what the deploy says, then run npm run replace-node -- ${name} again`);
    return EXIT.failed;
  }
  const live = new LiveCluster(cluster);
  await waitUntilFine(
    async () => {
      const { error, stage, isReady } = await live.factsOf(node);
      if (error !== undefined || stage !== "running" || !isReady)
        return `${name}: ${error ?? stage ?? "not ready"}`;
      return etcdProblems(namesOfControlPlanes(cluster.nodes), await live.etcdViews())[0];
    },
    { timeoutSeconds: options.timeout, signal: cluster.signal },
  );
  console.error(`${name}: runs in its new VM`);
  print("done");
  return EXIT.done;
}
