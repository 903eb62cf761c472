import { Document, type Node, Pair, YAMLMap, YAMLSeq } from "yaml";
import { formatLocation } from "./diagnostic";
import type { SourcedCluster } from "./load-with-source";
import { isMapping, type Path, valueAt } from "./path";
import { keyOfInstance } from "./pool-path";
import type { ResolvedNode } from "./resolve-cluster";
import type { NodeSizes } from "./resolve-sizes";
import { completeClusterOf } from "./show";

/** Where a node has a value from if its own key is not set. The sizes know it themselves. */
const INHERITED: Readonly<Record<string, Path>> = {
  proxmox_node: ["proxmox_node"],
  disk_storage: ["proxmox_disk_storage"],
  disk_interface: ["proxmox_vm_advanced", "disk_interface"],
  talos_schematic: ["talos_schematic"],
  qemu_agent: ["proxmox_vm_advanced", "qemu_agent"],
  tags: ["proxmox_vm_advanced", "tags"],
  "data_disks.discard": ["proxmox_vm_advanced", "disk_discard"],
  "data_disks.ssd": ["proxmox_vm_advanced", "disk_ssd"],
  "data_disks.backup": ["proxmox_vm_advanced", "disk_backup"],
  "data_disks.replicate": ["proxmox_vm_advanced", "disk_replicate"],
  "networks.bridge": ["proxmox_vm_advanced", "network_bridge"],
  "networks.queues": ["proxmox_vm_advanced", "net_queues"],
};
/** Keys that the environment may set. */
const VARIABLES: Readonly<Record<string, string>> = {
  backend: "STATE_BACKEND",
  url: "STATE_URL",
  account_id: "CLOUDFLARE_ACCOUNT_ID",
};

/** {@link completeClusterOf} as YAML, with a comment after each value that says where it comes from. */
export function showAsYaml(cluster: SourcedCluster): string {
  const document = new Document();
  const toNode = (value: unknown, path: Path): Node => {
    if (isMapping(value) && Object.keys(value).length > 0) {
      const map = new YAMLMap(document.schema);
      for (const [key, inner] of Object.entries(value)) {
        map.items.push(new Pair(document.createNode(key), toNode(inner, [...path, key])));
      }
      return map;
    }
    if (Array.isArray(value) && value.some(isMapping)) {
      const list = new YAMLSeq(document.schema);
      list.items.push(...value.map((inner, index) => toNode(inner, [...path, index])));
      return list;
    }
    const node = document.createNode(value, { flow: true }) as Node;
    node.comment = ` ${originOf(path, cluster)}`;
    return node;
  };
  document.contents = toNode(completeClusterOf(cluster), []) as typeof document.contents;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** A line of a file, a variable, or how the value was made. */
function originOf(path: Path, cluster: SourcedCluster): string {
  const [list, index, ...key] = path;
  const node = list === "nodes" && typeof index === "number" ? cluster.resolved.nodes[index] : undefined;
  return node === undefined ? originInCluster(path, cluster) : originInNode(key, node, cluster);
}

function originInCluster(path: Path, { source, resolved, config }: SourcedCluster): string {
  const [section, key] = path;
  const variable = section === "state" ? VARIABLES[String(key)] : undefined;
  const { backend, url, account_id } = resolved.input.state;
  const written: Readonly<Record<string, unknown>> = { backend, url, account_id };
  const used: Readonly<Record<string, unknown>> = {
    backend: config.state.backend,
    url: config.state.url,
    account_id: config.state.accountId,
  };
  if (variable !== undefined && written[String(key)] !== used[String(key)]) return variable;
  return lineOf(path, source) ?? (section === "node_default_gateway" ? "first of node_cidr" : "default");
}

function originInNode(key: Path, node: ResolvedNode, cluster: SourcedCluster): string {
  const { source } = cluster;
  const own = lineOf(keyOfInstance([...node.path, ...key]), source);
  if (own !== undefined) return own;
  const [name = "", , inner] = key;
  if (name === "vm_id") return "made of the address";
  const size = node.sizes[String(name).replace("vm_", "") as keyof NodeSizes];
  // The path of a built-in size leads to the node itself.
  if (size !== undefined) return (size.path !== node.path && lineOf(size.path, source)) || "default";
  if (name === "data_disks" && inner === "storage") return originInNode(["disk_storage"], node, cluster);
  const [inherited, rest] = [INHERITED[String(name)], INHERITED[`${name}.${inner}`]];
  const from = rest ?? (inherited && [...inherited, ...key.slice(1)]);
  return (from && lineOf(from, source)) ?? "default";
}

/** The line of the value at `path`; undefined if no file has one. */
function lineOf(path: Path, { data, locate }: SourcedCluster["source"]): string | undefined {
  return valueAt(data, path) === undefined ? undefined : formatLocation(locate(path));
}
