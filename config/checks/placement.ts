import type { Problem } from "../diagnostic";
import { hostsOf, type ResolvedCluster } from "../resolve-cluster";

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

/** A disk image leaves no ISO behind. */
export function* checkEjectedIso({ input, nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  if (input.boot_mode === "iso" || !isSound(["boot_mode"])) return;
  const text = "true has no effect with boot_mode disk-image, which uses no ISO; leave it out";
  if (input.proxmox_eject_iso) yield { path: ["proxmox_eject_iso"], text };
  for (const { path, input: node } of nodes) {
    if (node.eject_iso) yield { path: [...path, "eject_iso"], text };
  }
}

/** Which VMs cannot move, and why, is said by the stack. */
export function* warnOfIdleHa({ input, config }: ResolvedCluster): Iterable<Problem> {
  if (input.proxmox_ha !== true || hostsOf(config.nodes).size > 1) return;
  const text =
    "true has no effect with all VMs on one host; set proxmox_node of the nodes to different hosts";
  yield { path: ["proxmox_ha"], text };
}
