// `npm run diff [-- NODE …]`: what a deploy would change in the machine config of each node.
import { loadProject } from "../state/project";
import { diffNodes, diffText } from "../talos/diff";
import { readWantedConfigs } from "../talos/diff/wanted-configs";
import { nodeNamed } from "../talos/node";
import { runOnCluster, type TalosOptions, talosProgram } from "./talos-command";

/** As with `npm run drift`, 1 is an error and 2 is a difference. */
const EXIT = { same: 0, notRead: 1, changes: 2 } as const;

const program = talosProgram(
  "diff",
  "shows what a deploy would change in the machine config of each node, key by key, without secrets. it changes nothing",
  "0 nothing would change; 1 a config cannot be read; 2 something would change",
)
  .argument("[nodes...]", "only these nodes")
  .option("--json", "print one JSON document");
program.parse();
const options = program.opts<TalosOptions & { readonly json?: boolean }>();

void runOnCluster(options, async (cluster) => {
  const { env, signal, report } = cluster;
  const nodes =
    program.args.length > 0 ? program.args.map((name) => nodeNamed(cluster.nodes, name)) : cluster.nodes;
  const project = loadProject(env, process.cwd());
  const wanted = await readWantedConfigs(
    nodes.map(({ name }) => name),
    { project, signal, report },
  );
  const diffs = await diffNodes(cluster, nodes, wanted);
  console.log(options.json ? JSON.stringify({ nodes: diffs }, null, 2) : diffText(diffs));
  if (diffs.some(({ error }) => error !== undefined)) return EXIT.notRead;
  return diffs.some(({ changes }) => changes.length > 0) ? EXIT.changes : EXIT.same;
});
