import { Annotations, TerraformLocal, TerraformOutput, type TerraformStack } from "cdktf";
import { TalosCluster } from "../constructs/talos-cluster";
import type {
  TalosClusterNode,
  TalosClusterProps,
  TalosLink,
  TalosUserVolume,
} from "../constructs/talos-cluster-props";
import { TalosProvider } from "../constructs/talos-provider";
import type { TalosVm } from "../constructs/talos-vm";
import { scsiDiskMatch } from "../domain/disk";
import { schematicId } from "../domain/schematic";
import type {
  ClusterDataDisk,
  ClusterNetworkProps,
  ClusterNodeProps,
  ClusterStackProps,
  ClusterTalosProps,
} from "./cluster-stack-props";

/** What is needed of a stack to configure the Talos on its VMs. */
export interface ClusterTalosSource extends ClusterStackProps {
  readonly talos: ClusterTalosProps;
  readonly vms: ReadonlyMap<string, TalosVm>;
}

/** Adds the provider, the cluster and its outputs to a stack. */
export function addTalosCluster(stack: TerraformStack, id: string, source: ClusterTalosSource): TalosCluster {
  refusePlaintext(stack, source.state, source.talos);
  new TalosProvider(stack, "talos");
  const cluster = new TalosCluster(stack, id, talosClusterProps({ clusterName: stack.node.id, ...source }));
  const output = (name: string, description: string, value: string | undefined) =>
    value && new TerraformOutput(stack, name, { description, value, sensitive: true, staticId: true });
  output("talosconfig", "credentials for talosctl, with all rights", cluster.talosconfig);
  output("kubeconfig", "credentials for Kubernetes, with all rights", cluster.kubeconfig);
  return cluster;
}

/** The Talos of a stack's nodes. */
export function talosClusterProps({
  clusterName = "talos",
  ...source
}: ClusterTalosSource): TalosClusterProps {
  const { talos, talosVersion, network, nodes, vms } = source;
  return {
    ...talos,
    adopted: source.adopt?.talos,
    clusterName,
    talosVersion,
    network,
    nodes: nodes.map((node) => talosNode(node, network, vms.get(node.name))),
  };
}

/** Whoever reads the state has the cluster. */
function refusePlaintext(
  stack: TerraformStack,
  state: ClusterStackProps["state"],
  { plaintextSecrets: reason, secrets }: ClusterTalosProps,
): void {
  if (secrets === "out-of-state") {
    if (reason === undefined) return;
    throw new Error(
      `stack "${stack.node.id}": talos.plaintextSecrets has no effect where talos.secrets is out-of-state; leave it out`,
    );
  }
  if (state?.encryption?.provider !== "off") return;
  if (!reason) {
    throw new Error(
      `stack "${stack.node.id}": the secrets of Talos would be in a state that is not encrypted; encrypt it, or say in talos.plaintextSecrets why that may be`,
    );
  }
  Annotations.of(stack).addWarning(`the secrets of Talos are in plain text in the state: ${reason}`);
}

function talosNode(
  node: ClusterNodeProps,
  network: ClusterNetworkProps,
  vm: TalosVm | undefined,
): TalosClusterNode {
  const { schematic = {}, secureBoot, installDisk = "/dev/sda", disk, dataDisks = [], talos = {} } = node;
  const [first, ...others] = node.networkInterfaces.map((nic, index): TalosLink => {
    const macAddress = nic.macAddress?.toLowerCase() ?? madeUpAddress(vm, index);
    return { macAddress, mtu: nic.mtu, addresses: nic.addresses, routes: nic.routes };
  });
  if (!first) throw new Error(`node "${node.name}" has no network interface`);
  const address = `${node.address}/${network.nodeCidr.split("/")[1]}`;
  return {
    ...talos,
    name: node.name,
    renamedFrom: node.renamedFrom,
    role: node.role,
    address: node.address,
    machine: vm?.resource,
    installer: { schematicId: "id" in schematic ? schematic.id : schematicId(schematic), secureBoot },
    installDisk: isToldApartBySize(disk.sizeGiB, node) ? { sizeGiB: disk.sizeGiB } : installDisk,
    links: [
      {
        ...first,
        vlan: network.talosVlan,
        addresses: [address, ...(talos.addresses ?? [])],
        routes: [{ gateway: network.gateway }, ...(talos.routes ?? [])],
      },
      ...others,
    ],
    diskEncryption: node.diskEncryption,
    kernelModules: node.kernelModules,
    userVolumes: dataDisks.flatMap(userVolume),
  };
}

/**
 * The address that Proxmox has made up for a NIC. It goes through a local value: OpenTofu reads no data source at plan which refers to
 * a resource with changes itself, and the provider fails where the config after the plan is another one.
 */
function madeUpAddress(vm: TalosVm | undefined, index: number): string {
  if (vm === undefined) throw new Error("a NIC without a MAC address needs its VM");
  const { fqn } = vm.resource;
  const local = new TerraformLocal(
    vm,
    `mac_address_${index}`,
    `\${lower(${fqn}.network_device[${index}].mac_address)}`,
  );
  return `\${${local.fqn}}`;
}

/** Linux names SCSI disks in the order in which it finds them, so among several, /dev/sda can be another one at each boot. */
function isToldApartBySize(
  sizeGiB: number,
  { diskInterface = "scsi", dataDisks = [] }: ClusterNodeProps,
): boolean {
  return (
    diskInterface === "scsi" && dataDisks.length > 0 && dataDisks.every((each) => each.sizeGiB !== sizeGiB)
  );
}

function userVolume({ userVolume: name, slot, serial }: ClusterDataDisk, index: number): TalosUserVolume[] {
  return name === undefined ? [] : [{ name, match: scsiDiskMatch(slot ?? index + 1, serial) }];
}
