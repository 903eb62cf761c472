import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { copyExample } from "./clusters";

/* The same VMs as files of this program and as hand-written HCL: those of the example, and more of their kind. */

const HAND_WRITTEN = join(__dirname, "hand-written");
const EXAMPLE_SIZE = 6;

interface PlannedNode {
  readonly name: string;
  readonly vmId: number;
  readonly mac: string;
  readonly address: string;
  readonly isController: boolean;
}

function nodesOf(size: number): PlannedNode[] {
  return Array.from({ length: size }, (_, index) => ({
    name: `node-${index + 1}`,
    vmId: 7100 + index,
    mac: `bc:24:11:20:01:${index.toString(16).padStart(2, "0")}`,
    address: `10.20.2.${20 + index}`,
    isController: index < 3,
  }));
}

/** Writes `cluster.yaml` and `nodes.yaml` to a folder. */
export function writePlannedCluster(size: number, folder: string): void {
  copyExample(folder);
  if (size === EXAMPLE_SIZE) return;
  const nodes = nodesOf(size).map(({ name, vmId, mac, address, isController }) => ({
    name,
    address,
    controller: isController,
    disk: "/dev/sda",
    mac_addr: mac,
    schematic_id: "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515",
    secureboot: true,
    vm_id: vmId,
    vm_disk_size: 100,
    vm_startup_order: isController ? 1 : 2,
  }));
  writeFileSync(join(folder, "nodes.yaml"), stringify({ nodes }));
}

/** Writes the HCL to a folder; an encrypted state has OpenTofu's default number of iterations. */
export function writeHandWritten(size: number, encrypted: boolean, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const main = readFileSync(join(HAND_WRITTEN, "main.tf"), "utf8");
  const table = nodesOf(size)
    .map(
      ({ name, vmId, mac, isController }) =>
        `    ${name} = { vm_id = ${vmId}, mac = "${mac}", controller = ${isController} }\n`,
    )
    .join("");
  const nodes = /(?<= nodes = {\n)[^}]*(?: }\n[^}]*)* }\n(?= {2}}\n)/;
  if (!nodes.test(main)) throw new Error("bench/hand-written/main.tf has no table of nodes");
  writeFileSync(join(folder, "main.tf"), size === EXAMPLE_SIZE ? main : main.replace(nodes, table));
  if (encrypted) cpSync(join(HAND_WRITTEN, "encryption.tf"), join(folder, "encryption.tf"));
}
