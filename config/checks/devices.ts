import { isQ35 } from "../../domain/virtual-machine";
import type { Problem } from "../diagnostic";
import type { Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";

/** Tags and PCI devices. */
export function* checkDevices({ input, nodes }: ResolvedCluster): Iterable<Problem> {
  const advanced = input.proxmox_vm_advanced;
  yield* checkTags(advanced.tags, ["proxmox_vm_advanced", "tags"]);
  for (const { path, input: node } of nodes) {
    yield* checkTags(node.tags ?? [], [...path, "tags"]);
    for (const [index, { pcie }] of (node.pci ?? []).entries()) {
      if (pcie !== true || isQ35(advanced.machine)) continue;
      const text = `true needs machine q35, not ${advanced.machine}; set it to false or change the machine`;
      yield { path: [...path, "pci", index, "pcie"], text };
    }
  }
}

/** A rename moves one VM to one new name, and the old name is free. */
export function* checkRenames({ nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  const named = nodes.filter(({ path }) => isSound([...path, "name"]));
  const names = new Set(named.map(({ input }) => input.name));
  const taken = new Map<string, string>();
  for (const { path, label, input } of nodes) {
    const before = input.renamed_from;
    if (before === undefined) continue;
    const at: Path = [...path, "renamed_from"];
    const other = taken.get(before);
    if (names.has(before))
      yield { path: at, text: `${before} is the name of a node; remove the key or that node` };
    else if (other !== undefined)
      yield { path: at, text: `${before} is already the old name of ${other}; remove one of the two` };
    taken.set(before, label);
  }
}

function* checkTags(tags: readonly string[], path: Path): Iterable<Problem> {
  for (const [index, tag] of tags.entries()) {
    if (tags.indexOf(tag) !== index)
      yield { path: [...path, index], text: `${tag} is listed twice; keep one` };
  }
}
