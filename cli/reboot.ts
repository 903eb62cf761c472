// `npm run reboot [-- NODE…]`: restarts nodes one by one, so that staged changes take effect.
import { restartProblems } from "../talos/change/preflight";
import { hasStagedConfig, reboot } from "../talos/change/reboot";
import { rollNodes } from "../talos/change/roll";
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

const HEAD = ["node", "staged", "outcome"];

const program = changeProgram(
  "reboot",
  "restart nodes one at a time, control planes first, each drained and uncordoned: those with a staged config that waits for a " +
    "reboot, or the named ones",
).argument("[node...]", "restart these, whether something waits or not");
runTalosProgram<ChangeOptions>("reboot", program, (cluster, options) => run(cluster, program.args, options));

async function run(cluster: Cluster, names: readonly string[], options: ChangeOptions): Promise<number> {
  const { dryRun = false, allowOutage = false, timeout } = options;
  const nodes = chosenNodes(cluster.nodes, names);
  const always = names.length > 0;
  const live = await liveCluster(cluster, options);
  const facts = await factsOf(live);
  const problems = restartProblems(facts, { allowOutage });
  const asked = nodes.filter(({ name }) => facts.facts.get(name)?.error === undefined);
  const staged = await Promise.all(asked.map((node) => hasStagedConfig(cluster, node)));
  const isStaged = new Map(asked.map(({ name }, index) => [name, staged[index] ?? false]));
  const planned = nodes.map(({ name }) => ({ name, staged: isStaged.get(name) ?? false }));
  const isPending = planned.some((each) => always || each.staged);
  if (dryRun || (problems.length > 0 && isPending)) {
    const shown = planned.map((each) => ({
      ...each,
      ...(!always && !each.staged && { outcome: "unchanged" as const }),
    }));
    const rows = shown.map((each) => [each.name, yesNo(each.staged), each.outcome ?? "would be restarted"]);
    return finish({ dryRun, problems, nodes: shown }, options, rows, HEAD);
  }
  const results = await rollNodes(live, reboot(cluster, { nodes, always, timeoutSeconds: timeout }), {
    timeoutSeconds: timeout,
    signal: cluster.signal,
    say: console.error,
  });
  const done = planned.map((each) => ({ ...each, ...results.find(({ name }) => name === each.name) }));
  const rows = done.map((each) => [each.name, yesNo(each.staged), each.outcome ?? ""]);
  // Nothing on a node tells that it was restarted because it was named.
  const again = always ? (left: readonly string[]) => `npm run reboot -- ${left.join(" ")}` : undefined;
  return finish({ dryRun, problems: [], nodes: done }, options, rows, HEAD, again);
}

const yesNo = (value: boolean) => (value ? "yes" : "no");
