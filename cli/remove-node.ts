// `npm run remove-node -- NODE`: takes a node out of etcd, Talos and Kubernetes, out of cluster.yaml, and destroys its VM.
import { nodeRemoval } from "../config/edit-nodes";
import type { Cluster } from "../talos/cluster";
import { nodeNamed } from "../talos/node";
import { EXIT } from "./change-command";
import { printReport, type RemovalOptions, removalProgram, takeOut, writeEdit } from "./removal-command";
import { runDeploy } from "./run-deploy";
import { runTalosProgram } from "./talos-command";

interface Options extends RemovalOptions {
  readonly lost?: boolean;
}

const program = removalProgram(
  "remove-node",
  "take a node out of the cluster for good: its pods are evicted, a control plane leaves etcd if the others keep their quorum, " +
    "it is wiped, its Node is deleted, it is removed from nodes.yaml, and a deploy destroys its VM and no other",
).option("--lost", "the node is gone for good and cannot leave by itself");
runTalosProgram<Options>("remove-node", program, (cluster, options) =>
  run(cluster, program.args[0] ?? "", options),
);

async function run(cluster: Cluster, name: string, options: Options): Promise<number> {
  const node = nodeNamed(cluster.nodes, name);
  // Files that would not be right without the node are found before anything is touched.
  nodeRemoval(process.env, name);
  const { code, report } = await takeOut(cluster, name, options, {
    command: "remove-node",
    removal: () => ({ node, isLost: options.lost ?? false }),
    afterwards: "its VM and its disks are destroyed",
  });
  if (code !== undefined) {
    printReport(options, report);
    return code;
  }
  // They may have been edited while the node was drained.
  const edit = nodeRemoval(process.env, name);
  writeEdit(edit);
  if (edit.text === undefined || !options.deploy) {
    const first =
      edit.text === undefined ? `${edit.advice}, then run` : `${name} is gone from ${edit.at}; run`;
    console.error(`${first} npm run deploy -- --allow ${name}: it destroys the VM`);
    printReport(options, report, "to be done");
    return EXIT.done;
  }
  console.error(`${name} is gone from ${edit.at}`);
  const deployed = await runDeploy({ node, nodes: cluster.nodes, env: process.env });
  printReport(options, report, deployed === 0 ? "done" : "failed");
  if (deployed === 0) return EXIT.done;
  console.error(
    `its VM may still be there: fix what the deploy reports, then run npm run deploy -- --allow ${name}`,
  );
  return EXIT.failed;
}
