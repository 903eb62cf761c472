import { lacksGuestAgent, QEMU_GUEST_AGENT, secureBootObstacle } from "../../domain/schematic";
import type { Problem } from "../diagnostic";
import type { Path } from "../path";
import type { ResolvedCluster, ResolvedNode } from "../resolve-cluster";
import type { ClusterInput } from "../schema/cluster";
import type { SchematicInput } from "../schema/node";

/** Each node has exactly one schematic, and it supports Secure Boot if the node needs it. */
export function* checkBoot({ input, nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  yield* checkExtensions(input.talos_schematic, ["talos_schematic"]);
  for (const node of nodes) {
    const { path } = node;
    const isKnown = isSound(["talos_schematic"], [...path, "talos_schematic"], [...path, "schematic_id"]);
    if (isKnown) yield* checkSchematic(input, node);
    yield* checkExtensions(node.input.talos_schematic, [...path, "talos_schematic"]);
    if (node.config.secureBoot) yield* checkSecureBoot(input, node);
  }
}

/** Warns of a guest agent that is enabled but missing in the schematic. It stays off: the provider would wait for it. */
export function* warnOfMissingAgent({ nodes }: ResolvedCluster): Iterable<Problem> {
  for (const { path, input, config } of nodes) {
    if (input.qemu_agent !== true || !lacksGuestAgent(config.schematic)) continue;
    const text = `stays off, as the schematic has no ${QEMU_GUEST_AGENT}; use one that has it`;
    yield { path: [...path, "qemu_agent"], text };
  }
}

function* checkSchematic(cluster: ClusterInput, { path, input }: ResolvedNode): Iterable<Problem> {
  const { schematic_id: id, talos_schematic: own } = input;
  if (id !== undefined && own !== undefined) {
    yield {
      path: [...path, "talos_schematic"],
      text: "cannot be set together with schematic_id; keep one of them",
    };
  }
  if (id === undefined && own === undefined && cluster.talos_schematic === undefined) {
    const text = "is missing; add it, or describe talos_schematic here or for the cluster";
    yield { path: [...path, "schematic_id"], text };
  }
}

function* checkExtensions(schematic: SchematicInput | undefined, path: Path): Iterable<Problem> {
  for (const [index, extension] of (schematic?.extensions ?? []).entries()) {
    if (schematic?.extensions.indexOf(extension) === index) continue;
    yield { path: [...path, "extensions", index], text: `${extension} is listed twice; keep one` };
  }
}

function* checkSecureBoot(cluster: ClusterInput, { path, input, config }: ResolvedNode): Iterable<Problem> {
  const at: Path = [...path, "secureboot"];
  if (config.bios !== "ovmf") {
    const text = `true needs UEFI, but proxmox_vm_advanced.bios is ${config.bios}; use ovmf, or turn one of them off`;
    yield { path: at, text };
  }
  const [schematic, where] =
    input.talos_schematic === undefined
      ? [cluster.talos_schematic, "the cluster's talos_schematic"]
      : [input.talos_schematic, "talos_schematic"];
  if (schematic === undefined || input.schematic_id !== undefined) return;
  const obstacle = secureBootObstacle(schematic);
  if (obstacle !== undefined) {
    yield { path: at, text: `true is impossible with ${where}: its ${obstacle}` };
  }
}
