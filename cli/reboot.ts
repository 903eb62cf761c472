// `npm run reboot [-- NODE…]`: restarts nodes one by one, so that staged changes take effect.
import { restartProblems } from "../talos/change/preflight";
import { hasStagedConfig, reboot } from "../talos/change/reboot";
import type { Cluster } from "../talos/cluster";
import { type ChangeOptions, changeProgram } from "./change-command";
import { beginRoll, type RollCommand, runRoll } from "./roll-command";
import { runTalosProgram } from "./talos-command";

const program = changeProgram(
  "reboot",
  "restart nodes one at a time, control planes first, each drained and uncordoned: those with a staged config that waits for a " +
    "reboot, or the named ones",
).argument("[node...]", "restart these, whether something waits or not");
runTalosProgram<ChangeOptions>("reboot", program, (cluster, options) => run(cluster, program.args, options));

async function run(cluster: Cluster, names: readonly string[], options: ChangeOptions): Promise<number> {
  const { allowOutage = false, timeout: timeoutSeconds } = options;
  const always = names.length > 0;
  const { nodes, live, facts } = await beginRoll(cluster, names, options);
  const planned = await Promise.all(
    nodes.map(async (node) => {
      const answers = facts.facts.get(node.name)?.error === undefined;
      const staged = answers && (await hasStagedConfig(cluster, node));
      return { shown: { name: node.name, staged }, isPending: always || staged };
    }),
  );
  const command: RollCommand<{ readonly name: string; readonly staged: boolean }> = {
    name: "reboot",
    planned,
    problems: restartProblems(facts, { allowOutage }),
    roll: reboot(cluster, { nodes, always, timeoutSeconds }),
    columns: { staged: ({ staged }) => (staged ? "yes" : "no") },
    would: "would be restarted",
    // Nothing on a node tells that it was restarted because it was named.
    ...(always && { again: (left: readonly string[]) => `npm run reboot -- ${left.join(" ")}` }),
  };
  return runRoll(cluster, live, command, options);
}
