import { Cidr } from "../../domain/ip";
import type { Problem } from "../diagnostic";
import { formatPath, type Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";

interface NamedNetwork {
  readonly path: Path;
  readonly cidr: Cidr;
}

/** The networks of nodes, pods and services are network addresses, do not overlap, and have matching families. */
export function* checkNetworks({ config, isSound }: ResolvedCluster): Iterable<Problem> {
  const { nodeCidr, podCidrs, serviceCidrs } = config.network;
  const named = (key: string, cidrs: readonly string[]): NamedNetwork[] =>
    isSound([key]) ? cidrs.map((cidr) => ({ path: [key], cidr: Cidr.parse(cidr) })) : [];
  const pods = named("cluster_pod_cidr", podCidrs);
  const services = named("cluster_svc_cidr", serviceCidrs);
  const all = [...named("node_cidr", [nodeCidr]), ...pods, ...services];

  for (const { path, cidr } of all) {
    if (cidr.address.equals(cidr.network)) continue;
    const written = `${cidr.address.text}/${cidr.prefixLength}`;
    yield { path, text: `${written} is an address within its network; write ${cidr.text}` };
  }
  yield* checkOverlaps(all);
  yield* checkFamilies(pods, services);
}

/** A node that has its address before its config has it on the NIC itself, and not in the VLAN. */
export function* warnOfUntaggedAddress({ input, config }: ResolvedCluster): Iterable<Problem> {
  const { proxmox_vlan_mode: isTaggedByProxmox, node_vlan_tag: tag } = input;
  if (isTaggedByProxmox || tag === undefined) return;
  if (config.talos !== undefined) {
    const text = `false: until its machine config is applied, a new node has its address outside VLAN ${tag}; make it reachable there for the deploy`;
    yield { path: ["proxmox_vlan_mode"], text };
    return;
  }
  if (config.bootMode !== "disk-image") return;
  const text = `false with boot_mode disk-image: a new node has its address outside VLAN ${tag} until Talos has its machine config; make it reachable there, or use boot_mode iso, where the first address comes from DHCP`;
  yield { path: ["proxmox_vlan_mode"], text };
}

function* checkOverlaps(networks: readonly NamedNetwork[]): Iterable<Problem> {
  for (const [index, { path, cidr }] of networks.entries()) {
    for (const earlier of networks.slice(0, index)) {
      if (!cidr.overlaps(earlier.cidr)) continue;
      const other = `${formatPath(earlier.path)} ${earlier.cidr.text}`;
      yield { path, text: `${cidr.text} overlaps with ${other}; choose one that does not overlap` };
    }
  }
}

/** Kubernetes accepts one network of each family, and services only in a family of the pods. */
function* checkFamilies(pods: readonly NamedNetwork[], services: readonly NamedNetwork[]): Iterable<Problem> {
  for (const [first, second] of [pods, services]) {
    if (first === undefined || second === undefined || first.cidr.family !== second.cidr.family) continue;
    const both = `${first.cidr.text},${second.cidr.text}`;
    yield {
      path: first.path,
      text: `${both} are both ${first.cidr.family}; give one of each family, or only one`,
    };
  }
  if (pods.length === 0) return;
  const families = new Set(pods.map(({ cidr }) => cidr.family));
  for (const { path, cidr } of services) {
    if (families.has(cidr.family)) continue;
    const text = `${cidr.text} is ${cidr.family}, but cluster_pod_cidr has no ${cidr.family} network; add one there`;
    yield { path, text };
  }
}
