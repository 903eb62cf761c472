import { Annotations, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { storagesOf } from "../constructs/guest-storages";
import { NodeFirewall } from "../constructs/node-firewall";
import { ProtectedNodes } from "../constructs/protected-nodes";
import { ProxmoxProvider } from "../constructs/proxmox-provider";
import type { TalosCluster } from "../constructs/talos-cluster";
import { TalosImage } from "../constructs/talos-image";
import { talosTraffic } from "../constructs/talos-traffic";
import { TalosVm } from "../constructs/talos-vm";
import { VmIdGuard } from "../constructs/vm-id-guard";
import { quorumOf } from "../domain/etcd";
import { type Schematic, schematicId } from "../domain/schematic";
import { DEFAULT_SIZE } from "../domain/talos";
import { checkClusterStackProps } from "./cluster-stack-checks";
import type {
  ClusterFirewallProps,
  ClusterNodeProps,
  ClusterStackProps,
  SchematicReference,
} from "./cluster-stack-props";
import { configureState } from "./configure-state";
import { addHighAvailability } from "./high-availability";
import { HostsDown } from "./hosts-down";

/** One Talos cluster on Proxmox VE: its VMs, their images, Talos itself if asked for, and the state backend. */
export class ClusterStack extends TerraformStack {
  /** By node name, in the order of `nodes`. */
  readonly vms: ReadonlyMap<string, TalosVm>;
  /** Undefined if the stack makes the VMs only. */
  readonly talos?: TalosCluster;
  private readonly images = new Map<string, TalosImage>();
  private readonly guard: VmIdGuard;
  private readonly hostsDown: HostsDown;
  private readonly nodeScope: Construct;
  private readonly imageScope: Construct;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ClusterStackProps,
  ) {
    super(scope, id);
    checkClusterStackProps(id, props);
    configureState(this, props.state);
    const { endpoint, insecure } = props.proxmox;
    // If it is false here, PROXMOX_VE_INSECURE would have no effect.
    new ProxmoxProvider(this, "proxmox", { endpoint, insecure: insecure || undefined });

    this.hostsDown = new HostsDown(this, props);
    this.guard = new VmIdGuard(this, "vm-id-guard", {
      requireTag: props.adopt?.vms === undefined,
      hostsDown: this.hostsDown.hosts,
      storages: storagesOf(
        props.nodes.map(({ host, disk, dataDisks = [] }) => ({ host, disks: [disk, ...dataDisks] })),
      ),
    });
    this.imageScope = new Construct(this, "images");
    this.nodeScope = new Construct(this, "nodes");
    this.vms = new Map(props.nodes.map((node) => [node.name, this.addNode(node)]));
    new ProtectedNodes(this, "protected-nodes", { nodes: props.nodes });
    if (props.proxmox.ha) {
      const prefix = props.clusterName ?? this.node.id;
      addHighAvailability(this, { cluster: props, vms: this.vms, prefix });
    }
    if (props.firewall) this.addFirewalls(props.firewall);
    this.warnWhereOneHostHoldsTheQuorum();
    if (props.talos) {
      // Its bindings would slow down the synth of every other stack.
      const { addTalosCluster } = require("./cluster-talos") as typeof import("./cluster-talos");
      this.talos = addTalosCluster(this, "cluster", { ...props, talos: props.talos, vms: this.vms });
    }
    this.addOutputs();
    this.hostsDown.report();
  }

  private addNode(node: ClusterNodeProps): TalosVm {
    const { network, adopt, allowReplace, firewall, bootMode = "disk-image", talos } = this.props;
    // Proxmox filters a VM only on the interfaces that say so.
    const isFiltered = firewall !== undefined && firewall.enabled !== false;
    const [firstNic, ...otherNics] = node.networkInterfaces;
    if (!firstNic) throw new Error(`node "${node.name}" has no network interface`);
    const {
      disk,
      dataDisks = [],
      networkInterfaces,
      schematic,
      secureBoot,
      name,
      role,
      address,
      talos: _,
      ...vm
    } = node;
    const talosVm = new TalosVm(this.nodeScope, name, {
      ...vm,
      image: this.imageFor(node),
      disks: [disk, ...dataDisks],
      networkInterfaces: [
        { ...firstNic, firewall: firstNic.firewall ?? (isFiltered || undefined) },
        ...otherNics,
      ],
      // The installer ISO gets its address by DHCP, as in existing clusters, unless the config is to be applied to it.
      address:
        bootMode === "iso" && !talos
          ? undefined
          : {
              cidr: `${address}/${network.nodeCidr.split("/")[1]}`,
              gateway: network.gateway,
              dnsServers: network.dnsServers,
            },
      adoptFrom: adopt?.vms && `${adopt.vms}[${JSON.stringify(node.renamedFrom ?? name)}]`,
      allowReplace: allowReplace === "all" || (allowReplace?.includes(name) ?? false),
      vmIdGuard: this.guard,
    });
    if (this.hostsDown.has(node)) this.hostsDown.leaveOut(talosVm, name);
    return talosVm;
  }

  /** Nodes with the same image share one download. On storage that is not shared, there is one for each host. */
  private imageFor({ schematic = {}, secureBoot = false, host }: ClusterNodeProps): TalosImage {
    const { proxmox, talosVersion, bootMode, adopt } = this.props;
    const hashed = hasId(schematic) ? schematic.id : schematicId(schematic);
    const shared = proxmox.sharedStorages?.includes(proxmox.imageStorage) ?? false;
    const id = ["talos", hashed.slice(0, 12), secureBoot && "secureboot", !shared && host]
      .filter(Boolean)
      .join("-");
    const existing = this.images.get(id);
    if (existing) return existing;

    const leftAsIs = this.hostsDown.hasFile(host, shared);
    const image = new TalosImage(this.imageScope, id, {
      host,
      storage: proxmox.imageStorage,
      fileNamePrefix: proxmox.imagePrefix,
      talosVersion,
      ...(hasId(schematic) ? { schematicId: schematic.id } : { schematic }),
      secureBoot,
      format: bootMode,
      leftAsIs,
      adoptFrom: adopt?.images?.find((each) => each.schematicId === hashed && each.secureBoot === secureBoot)
        ?.from,
    });
    if (leftAsIs) this.hostsDown.leaveOut(image, `image ${id}`);
    this.images.set(id, image);
    return image;
  }

  private addFirewalls({ enabled, logDrops, ...traffic }: ClusterFirewallProps): void {
    const { nodes, network } = this.props;
    const scope = new Construct(this, "firewalls");
    const controlPlaneAddresses = nodes.filter(({ role }) => role === "controlplane").map((n) => n.address);
    const { nodeCidr, podCidrs = [] } = network;
    for (const { name, role, renamedFrom } of nodes) {
      const vm = this.vms.get(name);
      if (!vm) continue;
      const accepts = talosTraffic(role, traffic, { nodeCidr, podCidrs, controlPlaneAddresses });
      new NodeFirewall(scope, name, { vm, accepts, enabled, logDrops, renamedFrom });
    }
  }

  private warnWhereOneHostHoldsTheQuorum(): void {
    const controlPlanes = this.vmsOf("controlplane");
    const quorum = quorumOf(controlPlanes.length);
    for (const host of new Set(controlPlanes.map((vm) => vm.host))) {
      const onHost = controlPlanes.filter((vm) => vm.host === host).length;
      if (controlPlanes.length - onHost < quorum) {
        Annotations.of(this).addWarning(
          `losing Proxmox host "${host}" loses the etcd quorum: ${onHost} of ${controlPlanes.length} control planes ` +
            `run on it, ${quorum} must stay up; spread them over three hosts with proxmox_node`,
        );
      }
    }
  }

  private vmsOf(role: ClusterNodeProps["role"]): TalosVm[] {
    const names = this.props.nodes.filter((node) => node.role === role).map((node) => node.name);
    return [...this.vms.values()].filter((vm) => names.includes(vm.vmName));
  }

  private addOutputs(): void {
    const { nodes, talosVersion } = this.props;
    const names = (role: ClusterNodeProps["role"]) => nodes.filter((n) => n.role === role).map((n) => n.name);
    const output = (name: string, description: string, value: unknown) =>
      new TerraformOutput(this, name, { description, value, staticId: true });
    const byName = <T>(value: (node: ClusterNodeProps) => T) =>
      Object.fromEntries(nodes.map((node) => [node.name, value(node)]));

    output(
      "node_vm_ids",
      "vm_id of each node",
      byName((node) => this.vms.get(node.name)?.vmId),
    );
    output(
      "node_addresses",
      "address of each node",
      byName((node) => node.address),
    );
    output("controller_nodes", "names of the control planes", names("controlplane"));
    output("worker_nodes", "names of the workers", names("worker"));
    output("talos_version", "release of the images", talosVersion);
    output("cluster_summary", "nodes and resources in total", {
      controllers: names("controlplane").length,
      workers: names("worker").length,
      cores: nodes.reduce(
        (sum, node) =>
          sum + (node.cores ?? DEFAULT_SIZE.any.cores) * (node.sockets ?? DEFAULT_SIZE.any.sockets),
        0,
      ),
      memory_mib: nodes.reduce((sum, node) => sum + (node.memoryMiB ?? DEFAULT_SIZE.any.memoryMiB), 0),
      hosts: [...new Set(nodes.map((node) => node.host))],
    });
  }
}

function hasId(schematic: Schematic | SchematicReference): schematic is SchematicReference {
  return "id" in schematic;
}
