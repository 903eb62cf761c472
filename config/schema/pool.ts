import { z } from "zod";
import { FIRST_DEVICE } from "../../domain/disk";
import type { Range } from "../../domain/range";
import { VM_ID } from "../../domain/virtual-machine";
import { node } from "./node";
import { hostLabel, nodeAddress, proxmoxNode, rangeText, wholeNumber } from "./values";

/** More nodes than one Kubernetes cluster can have help nobody, and a typing mistake must not take a minute. */
export const POOL_COUNT: Range = { min: 1, max: 5000 };

const number = wholeNumber(POOL_COUNT);

/** What only one VM can have, or what a pool has a key of its own for. */
const { name, address, vm_id, mac_addr, proxmox_node, renamed_from, controller, disk, ...shared } =
  node.shape;

const laterHost = z.strictObject({
  name: proxmoxNode.describe("Proxmox node."),
  from: number.describe("Number of the first node that may be on it."),
});

const POOL_EXAMPLE = { name: "worker", count: 3, first_address: "10.20.2.1" };

/** An entry of `node_pools`: nodes that differ only in name, address, id and host. `expand-pools.ts` makes them. */
export const pool = z
  .strictObject({
    name: hostLabel.meta({
      description: "Name of the pool. Its nodes are called `NAME-1`, `NAME-2` and so on.",
      examples: [POOL_EXAMPLE.name],
    }),
    controller: z.boolean().default(false).describe("true for control plane nodes, false for workers."),
    count: number
      .optional()
      .describe(
        `Number of the last node, ${rangeText(POOL_COUNT)}. Default: one node for each of \`hosts\`.`,
      ),
    hosts: z
      .array(
        z.union(
          [proxmoxNode, laterHost],
          "is not a Proxmox node; write it like pve1, or { name: pve4, from: 31 } for the nodes from number 31 on",
        ),
      )
      .min(1)
      .optional()
      .describe(
        "Proxmox nodes, which take turns. One that is added later needs the number of the first node that may go there: `{ name: pve4, from: 31 }`. Default: `proxmox_node` of the cluster.",
      ),
    first_address: nodeAddress.meta({
      description: "Address of node 1; each further node has the next one.",
      examples: [POOL_EXAMPLE.first_address],
    }),
    first_vm_id: wholeNumber(VM_ID)
      .optional()
      .describe(
        `Id of the VM of node 1, ${rangeText(VM_ID)}; each further node has the next one. Default: each is made of the address, see VM ids.`,
      ),
    skip: z
      .array(number)
      .default([])
      .describe("Numbers that have no node: the others keep their names, addresses, ids and hosts."),
    renamed_from: hostLabel
      .optional()
      .describe("Old name of a renamed pool, so that its VMs are kept: `NAME-1` was `OLD-1`."),
    disk: disk
      .optional()
      .describe(
        `Device that Talos installs to. Default: the first disk, ${Object.values(FIRST_DEVICE).join(" or ")}.`,
      ),
    ...shared,
  })
  .meta({ examples: [POOL_EXAMPLE] });

export type PoolInput = z.output<typeof pool>;
