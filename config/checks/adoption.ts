import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

/** An adopted VM has an id already, which no rule can know. */
export function* checkAdoption({ input, nodes }: ResolvedCluster): Iterable<Problem> {
  if (input.adopt?.vms === undefined) return;
  for (const { path, input: node } of nodes) {
    if (node.vm_id !== undefined) continue;
    const text =
      "is missing, but adopt.vms needs the id that the VM has; read it in the folder of the old program: tofu output node_vm_ids (a new node: any free id)";
    yield { path: [...path, "vm_id"], text };
  }
}

/** Shows the ids that are made of addresses, since the VMs are known by them in Proxmox. */
export function* noteDerivedIds({ nodes }: ResolvedCluster): Iterable<Problem> {
  const derived = nodes.filter(({ input }) => input.vm_id === undefined);
  if (derived.length === 0) return;
  const ids = derived.map(({ config }) => `${config.name} ${config.vmId}`).join(", ");
  yield { path: ["nodes"], text: `without a vm_id have one that is made of their address: ${ids}` };
}
