import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { exportLine } from "../../process/export-line";
import { startCloudflare } from "../cloudflare";
import { untilSignal } from "../command-line";
import { runNodesOnVms } from "../nodes-of-vms";
import { startProxmox } from "../proxmox";
import { startTalos, type TalosNodeOptions } from "../talos";
import { toNodes } from "../talos/nodes-option";

interface LabCommandOptions {
  readonly nodes: readonly TalosNodeOptions[];
}

/** Adds the command `lab` to `npm run local`. */
export function addLabCommand(program: Command): void {
  program
    .command("lab")
    .description(
      "all stand-ins together, with nodes that boot when their VM starts; prints the variables for a shell, keeps nothing, ends on SIGTERM or Ctrl-C",
    )
    .requiredOption(
      "--nodes <nodes>",
      "the VMs on which a Talos boots: cp-1=10.20.0.11,worker-1=10.20.0.21",
      toNodes,
    )
    .action(async ({ nodes }: LabCommandOptions) => {
      const folder = mkdtempSync(join(tmpdir(), "lab-"));
      const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
      try {
        const proxmox = await startProxmox();
        ends.push(() => proxmox.stop());
        const talos = await startTalos({
          nodes,
          oneAddress: process.platform === "darwin",
          poweredOn: false,
        });
        ends.push(() => talos.stop(), runNodesOnVms(proxmox, talos));
        const cloudflare = await startCloudflare({ folder });
        ends.push(() => cloudflare.close());
        const endpoints = talos.nodes.map(({ name, endpoint }) => `${name}=${endpoint}`);
        const env = { ...proxmox.env, ...cloudflare.env, TALOS_API_ENDPOINTS: endpoints.join(",") };
        const lines = Object.entries(env).map(([name, value]) => exportLine(name, value));
        // In one piece, so that who waits for the first line has all of them.
        process.stdout.write(`${lines.join("\n")}\n`);
        await untilSignal();
      } finally {
        for (const end of ends.reverse()) await end();
      }
    });
}
