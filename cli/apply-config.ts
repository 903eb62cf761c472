// `npm run apply-config -- [--reboot|--staged] NODE`: gives one node the config that the state has for it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Option } from "commander";
import { withPrivateFolder } from "../process/private-folder";
import { loadProject } from "../state/project";
import { restartProblems } from "../talos/change/preflight";
import { reboot } from "../talos/change/reboot";
import { rollNodes } from "../talos/change/roll";
import { hasConfig, wantedConfig } from "../talos/change/wanted-config";
import type { Cluster } from "../talos/cluster";
import { nodeNamed, type TalosNode } from "../talos/node";
import {
  type ChangeOptions,
  changeProgram,
  EXIT,
  factsOf,
  finish,
  liveCluster,
  withExclusiveRun,
} from "./change-command";
import { runTalosProgram } from "./talos-command";

interface Options extends ChangeOptions {
  readonly reboot?: boolean;
  readonly staged?: boolean;
}

const program = changeProgram(
  "apply-config",
  "give one node the config that the last deploy has made for it. without an option, a change that needs a reboot is refused by the node",
)
  .argument("<node>", "the name of the node")
  .addOption(new Option("--reboot", "stage the config, drain the node and restart it").conflicts("staged"))
  .option("--staged", "only stage the config: it takes effect with the next reboot (npm run reboot)");
runTalosProgram<Options>("apply-config", program, (cluster, options) =>
  run(cluster, program.args[0] ?? "", options),
);

async function run(cluster: Cluster, name: string, options: Options): Promise<number> {
  const { dryRun = false, allowOutage = false, timeout } = options;
  const node = nodeNamed(cluster.nodes, name);
  const { env, signal, report } = cluster;
  const project = loadProject(env, process.cwd());
  const config = await wantedConfig(node, { config: cluster.config, project, signal, report });
  // A node that is staged is restarted by the roll, as all others are.
  const mode = options.reboot || options.staged ? "staged" : "no-reboot";
  if (!options.reboot) {
    const hasIt = await hasConfig(cluster, node, config);
    console.error(await apply(cluster, node, { config, mode, dryRun }));
    if (options.json) console.log(JSON.stringify({ dryRun, node: name, mode, problems: [] }, null, 2));
    return dryRun && !hasIt ? EXIT.wouldChange : EXIT.done;
  }
  const live = await liveCluster(cluster, options);
  const problems = restartProblems(await factsOf(live), { allowOutage });
  const head = ["node", "outcome"];
  const refuse = (reasons: readonly string[]) =>
    finish({ dryRun, problems: reasons, nodes: [{ name }] }, options, [[name, "would be restarted"]], head);
  if (dryRun || problems.length > 0) {
    if (problems.length === 0) console.error(await apply(cluster, node, { config, mode, dryRun: true }));
    return refuse(problems);
  }
  const run = { command: "apply-config", signal };
  return withExclusiveRun(
    live,
    run,
    (problem) => refuse([problem]),
    async () => {
      await apply(cluster, node, { config, mode, dryRun });
      console.error(`${name}: config staged`);
      const roll = reboot(cluster, { nodes: [node], always: true, timeoutSeconds: timeout });
      const nodes = await rollNodes(live, roll, { timeoutSeconds: timeout, signal, say: console.error });
      const rows = nodes.map((each) => [each.name, each.outcome]);
      return finish({ dryRun, problems: [], nodes }, options, rows, head);
    },
  );
}

interface Application {
  readonly config: string;
  readonly mode: "staged" | "no-reboot";
  readonly dryRun: boolean;
}

/** @returns what talosctl says, without the values of secrets: in a dry run, only that the node would take it */
function apply(
  { talosctl, env }: Cluster,
  node: TalosNode,
  { config, mode, dryRun }: Application,
): Promise<string> {
  return withPrivateFolder(env, async (folder) => {
    const file = join(folder, "config.yaml");
    writeFileSync(file, config, { mode: 0o600 });
    await talosctl.run(node, [
      "apply-config",
      "--file",
      file,
      "--mode",
      mode,
      ...(dryRun ? ["--dry-run"] : []),
    ]);
    return `${node.name}: ${dryRun ? "would take" : "has taken"} the config in mode ${mode}`;
  });
}
