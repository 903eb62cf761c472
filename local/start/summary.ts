import { shown } from "../../run/shown";
import type { RunningProxmox } from "../proxmox";
import type { Toolchain } from "../toolchain";
import type { AppliedVm } from "./applied-vms";
import type { LocalFolder } from "./folder";

export interface Summary {
  readonly source: string;
  readonly vms: readonly AppliedVm[];
  readonly toolchain: Toolchain;
  readonly proxmox: RunningProxmox;
  readonly folder: LocalFolder;
}

/** What exists after the apply, and where things are. */
export function printSummary({ source, vms, toolchain, proxmox, folder }: Summary): void {
  const rows = [
    ["node", "role", "vm_id", "address", "host"],
    ...vms.map(({ name, role, vmId, address, host }) => [name, role, String(vmId), address, host]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const places = [
    ["cluster", source],
    ["Proxmox API", `${proxmox.endpoint} (a stand-in: no VM runs)`],
    ["its data", shown(folder.proxmox)],
    ["its CA", shown(proxmox.caFile)],
    ["state", `${shown(folder.state)}, encrypted`],
    ["passphrase", `${shown(folder.passphraseFile)}, made at random, mode 0600`],
    ["stack", shown(folder.synthesized)],
    ["logs", shown(folder.logs)],
    ...toolchain.summary.map((line) => line.split(/: (.*)/)),
  ];
  console.log("");
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd()}`,
    );
  console.log("");
  for (const [name = "", where = ""] of places) console.log(`  ${name.padEnd(16)}${where}`);
}
