import { Cidr } from "../domain/ip";
import type { AdoptConfig, ClusterConfig, NodeConfig } from "./cluster-config";
import { quoteValue } from "./display-value";
import type { StateOverrides } from "./environment";
import { expandPools } from "./expand-pools";
import { NamedSettings } from "./named-settings";
import { formatPath, type Path, startsWith, valueAt } from "./path";
import { keyOfInstance } from "./pool-path";
import { resolveBootstrap } from "./resolve-bootstrap";
import { resolveFirewall } from "./resolve-firewall";
import { resolveNode } from "./resolve-node";
import { type NodeSizes, resolveSizes } from "./resolve-sizes";
import { resolveState } from "./resolve-state";
import { type PatchReader, resolveTalos } from "./resolve-talos";
import { bootstrap as bootstrapSchema } from "./schema/bootstrap";
import type { ClusterInput } from "./schema/cluster";
import type { NodeInput } from "./schema/node";
import { splitCidrs } from "./schema/values";

/** A node, with what the checks need for their messages. */
export interface ResolvedNode {
  /** Its place in the file; that of a pool's instance leads on with its name, see `pool-path.ts`. */
  readonly path: Path;
  /** Its name in quotes; its position in the list if the name is broken. */
  readonly label: string;
  readonly input: NodeInput;
  readonly sizes: NodeSizes;
  readonly config: NodeConfig;
}

/** A cluster with every default filled in. */
export interface ResolvedCluster {
  readonly input: ClusterInput;
  readonly nodes: readonly ResolvedNode[];
  readonly config: ClusterConfig;
  /**
   * Whether these keys have the values that the file gives them. A key that was refused already has another one, about
   * which a check must not complain.
   */
  isSound(...paths: readonly Path[]): boolean;
  /** Whether the file has this key, and not only its default. */
  isGiven(path: Path): boolean;
}

/** Where a cluster comes from, besides the data that matches the schema. */
export interface Origin {
  readonly overrides: StateOverrides;
  /** The paths of values that were refused already. */
  readonly broken: readonly Path[];
  /** What the file has, before the defaults. */
  readonly data: unknown;
  readonly readPatches: PatchReader;
}

export function resolveCluster(
  input: ClusterInput,
  { overrides, broken, data, readPatches }: Origin,
): ResolvedCluster {
  const isSound = (...paths: readonly Path[]) =>
    !paths.some((path) => broken.some((each) => startsWith(keyOfInstance(path), each)));
  const isGiven = (path: Path) => valueAt(data, keyOfInstance(path)) !== undefined;
  const listed = input.nodes.map((node, index) => ({ path: ["nodes", index], input: node }));
  const nodes = [...listed, ...expandPools(input)].map(({ path, input: node }): ResolvedNode => {
    const label = isSound([...path, "name"]) ? quoteValue(node.name) : formatPath(path);
    const sizes = resolveSizes(input, node, path);
    const named = new NamedSettings(isGiven, path, sizes);
    return { path, label, input: node, sizes, config: resolveNode(input, node, sizes, named, readPatches) };
  });
  const configs = nodes.map(({ config }) => config);
  const state = resolveState(input.state, overrides);
  const config: ClusterConfig = {
    clusterName: input.cluster_name,
    // The template writes it without the `v`.
    talosVersion: input.talos_version.startsWith("v") ? input.talos_version : `v${input.talos_version}`,
    bootMode: input.boot_mode,
    proxmox: {
      endpoint: input.proxmox_api_url.replace(/\/(api2\/json\/?)?$/, ""),
      insecure: input.proxmox_insecure,
      imageStorage: input.proxmox_iso_storage,
      sharedStorages: input.proxmox_shared_storages,
      ha: input.proxmox_ha ?? canFailOver(configs, input.proxmox_shared_storages),
    },
    network: {
      nodeCidr: input.node_cidr,
      gateway: input.node_default_gateway ?? Cidr.parse(input.node_cidr).firstHost().text,
      talosVlan:
        input.proxmox_vlan_mode || input.node_vlan_tag === undefined
          ? undefined
          : Number(input.node_vlan_tag),
      dnsServers: input.node_dns_servers,
      ntpServers: input.node_ntp_servers,
      vip: input.cluster_api_addr,
      podCidrs: splitCidrs(input.cluster_pod_cidr),
      serviceCidrs: splitCidrs(input.cluster_svc_cidr),
    },
    firewall: input.proxmox_firewall && resolveFirewall(input.proxmox_firewall),
    nodes: configs,
    nodePools: input.node_pools.map(({ name }, index) => ({
      name,
      nodes: nodes
        .filter(({ path: [list, at] }) => list === "node_pools" && at === index)
        .map(({ config: { name } }) => name),
    })),
    talos: resolveTalos(input.talos, readPatches),
    state,
    bootstrap: resolveBootstrap(input.bootstrap ?? bootstrapSchema.parse({}), state),
    adopt: resolveAdopt(input.adopt),
  };
  return { input, nodes, config, isSound, isGiven };
}

/** HA can restart a VM on another host only if there is one, and all disks are on shared storage. */
function canFailOver(nodes: readonly NodeConfig[], shared: readonly string[]): boolean {
  return hostsOf(nodes).size > 1 && storagesOf(nodes).every((storage) => shared.includes(storage));
}

export function hostsOf(nodes: readonly NodeConfig[]): ReadonlySet<string> {
  return new Set(nodes.map(({ host }) => host));
}

function storagesOf(nodes: readonly NodeConfig[]): string[] {
  return [
    ...new Set(nodes.flatMap(({ disk, dataDisks }) => [disk, ...dataDisks].map(({ storage }) => storage))),
  ];
}

function resolveAdopt(adopt: ClusterInput["adopt"]): AdoptConfig | undefined {
  if (adopt === undefined) return undefined;
  return {
    vms: adopt.vms,
    images: adopt.images?.map(({ from, schematic_id, secureboot }) => ({
      from,
      schematicId: schematic_id,
      secureBoot: secureboot,
    })),
    talos: adopt.talos && { configuredNodes: adopt.talos.configured_nodes },
  };
}
