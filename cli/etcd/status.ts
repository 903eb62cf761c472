import type { Command } from "commander";
import { etcdTable } from "../../talos/etcd/report";
import { readEtcdStatus } from "../../talos/etcd/status";
import { addTalosOptions, runOnCluster, type TalosOptions } from "../talos-command";

/** As with `npm run drift`, 1 is an error and 2 is a difference from what should be. */
const EXIT = { healthy: 0, problems: 2 } as const;

export function addStatusCommand(program: Command): void {
  addTalosOptions(program.command("status"))
    .description("show the members as each control plane sees them, their databases and alarms")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nexit codes: 0 healthy; 1 it cannot be read; 2 something is wrong")
    .action((options: TalosOptions & { readonly json?: boolean }) =>
      runOnCluster(options, async (cluster) => {
        const status = await readEtcdStatus(cluster);
        if (options.json) console.log(JSON.stringify(status, null, 2));
        else console.log([etcdTable(status.members), ...status.problems].join("\n"));
        return status.problems.length > 0 ? EXIT.problems : EXIT.healthy;
      }),
    );
}
