import type { Problem } from "../diagnostic";
import { hostsOf, type ResolvedCluster, storagesOf } from "../resolve-cluster";

/** Every VM has a Proxmox node to run on. */
export function* checkPlacement({ input, nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  if (input.proxmox_node !== undefined || !isSound(["proxmox_node"])) return;
  for (const { path, input: node } of nodes) {
    if (node.proxmox_node !== undefined) continue;
    const text = "is missing here and for the cluster; add it in one of the two places";
    yield { path: [...path, "proxmox_node"], text };
  }
}

/** The token is in every request, and a certificate that nobody checks protects nothing. */
export function* warnOfInsecureApi({ input }: ResolvedCluster): Iterable<Problem> {
  if (!input.proxmox_insecure) return;
  const text =
    "true accepts any certificate, so whoever is between here and Proxmox can take the API token; leave it out, and add Proxmox' CA to SSL_CERT_FILE (docs/configuration.md, A self-signed Proxmox)";
  yield { path: ["proxmox_insecure"], text };
}

/** Warns if HA is on, but cannot restart VMs on another host. */
export function* warnOfIdleHa({ input, config }: ResolvedCluster): Iterable<Problem> {
  if (input.proxmox_ha !== true) return;
  const path = ["proxmox_ha"];
  if (hostsOf(config.nodes).size < 2) {
    yield {
      path,
      text: "true has no effect with all VMs on one host; set proxmox_node of the nodes to different hosts",
    };
  }
  const shared = new Set(config.proxmox.sharedStorages);
  const bound = storagesOf(config.nodes).filter((storage) => !shared.has(storage));
  if (bound.length === 0) return;
  const text = `true has no effect on VMs whose disks are on ${bound.join(", ")}`;
  yield { path, text: `${text}; add the shared ones to proxmox_shared_storages` };
}
