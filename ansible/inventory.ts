import type { ClusterConfig, NodeConfig } from "../config";
import { schematicId } from "../domain/schematic";
import { imageFile } from "../domain/talos-image";
import { newVm } from "./new-vm";
import { type Wanted, wantedOf } from "./wanted";

/** An image that Proxmox downloads, in the words of the module `community.proxmox.proxmox_template`. */
interface Image {
  /** The Proxmox node that downloads it. */
  readonly node: string;
  readonly storage: string;
  readonly content_type: "import" | "iso";
  /** Name of the file. */
  readonly template: string;
  readonly url: string;
}

/** The variables of a node. */
interface HostVariables {
  readonly proxmox_host: string;
  readonly vm_id: number;
  /** The names that its VM may have: its own, and the one before a rename. */
  readonly names: readonly string[];
  readonly image: Image;
  /** The disk that is imported from the image, and how big it is to be. */
  readonly imported?: { readonly disk: string; readonly size: string };
  /** Whether a new VM would have nothing to boot from. */
  readonly eject_iso: boolean;
  /** What a new VM is made of. */
  readonly vm: object;
  readonly wanted: Wanted;
}

/** An inventory as Ansible's YAML inventories have it. No secret is in it. */
export interface Inventory {
  readonly all: {
    readonly vars: {
      readonly cluster_name: string;
      readonly proxmox_api_url: string;
      readonly proxmox_insecure: boolean;
      /** Whether a VM without the tag `talos` is foreign. */
      readonly tag_required: boolean;
    };
    readonly children: Readonly<
      Record<"control_planes" | "workers", { readonly hosts: Readonly<Record<string, HostVariables>> }>
    >;
  };
}

/** @param prefix first part of the names of its images */
export function inventoryOf(cluster: ClusterConfig, prefix: string): Inventory {
  const hostsOf = (role: NodeConfig["role"]) => ({
    hosts: Object.fromEntries(
      cluster.nodes
        .filter((node) => node.role === role)
        .map((node) => [node.name, variablesOf(node, cluster, prefix)]),
    ),
  });
  return {
    all: {
      vars: {
        cluster_name: cluster.clusterName,
        proxmox_api_url: cluster.proxmox.endpoint,
        proxmox_insecure: cluster.proxmox.insecure,
        tag_required: cluster.adopt?.vms === undefined,
      },
      children: { control_planes: hostsOf("controlplane"), workers: hostsOf("worker") },
    },
  };
}

function variablesOf(node: NodeConfig, cluster: ClusterConfig, prefix: string): HostVariables {
  const image = imageOf(node, cluster, prefix);
  const volume = `${image.storage}:${image.content_type}/${image.template}`;
  return {
    proxmox_host: node.host,
    vm_id: node.vmId,
    names: [node.name, ...(node.renamedFrom === undefined ? [] : [node.renamedFrom])],
    image,
    imported:
      cluster.bootMode === "disk-image"
        ? { disk: `${node.diskInterface}0`, size: `${node.disk.sizeGiB}G` }
        : undefined,
    eject_iso: node.ejectIso,
    vm: newVm(node, cluster, volume),
    wanted: wantedOf(node, cluster, volume),
  };
}

function imageOf(node: NodeConfig, cluster: ClusterConfig, prefix: string): Image {
  const { imageStorage: storage, sharedStorages } = cluster.proxmox;
  const { fileName, url, contentType } = imageFile({
    format: cluster.bootMode,
    talosVersion: cluster.talosVersion,
    schematicId: idOf(node),
    secureBoot: node.secureBoot,
    prefix,
  });
  // On storage that is shared, the first node with this image downloads it for all.
  const first = cluster.nodes.find(
    (each) => idOf(each) === idOf(node) && each.secureBoot === node.secureBoot,
  );
  const host = sharedStorages.includes(storage) ? first?.host : undefined;
  return { node: host ?? node.host, storage, content_type: contentType, template: fileName, url };
}

const idOf = ({ schematic }: NodeConfig): string =>
  "id" in schematic ? schematic.id : schematicId(schematic);

/** Parts of the files that the playbooks leave to a deploy, each with a line that says so. */
export function leftToDeploy(cluster: ClusterConfig): readonly string[] {
  return [
    ...(cluster.proxmox.ha ? ["proxmox_ha: HA resources and rules"] : []),
    ...(cluster.firewall ? ["proxmox_firewall: rules"] : []),
    ...(cluster.talos ? ["talos: machine configs and etcd"] : []),
  ].map((each) => `left to npm run deploy, since the playbooks make VMs only: ${each}`);
}
