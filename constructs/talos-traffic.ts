import {
  CNI_SERVICES,
  type Cni,
  ETCD,
  ICMP,
  KUBELET,
  KUBERNETES_API,
  NODE_PORTS,
  type Service,
  TALOS_API,
  TRUSTD,
} from "../domain/firewall";
import type { NodeRole } from "../domain/talos";
import type { AcceptedTraffic } from "./node-firewall";

/** Whom the nodes of a Talos cluster accept packets from. */
export interface TalosTrafficProps {
  /** The network plugin, whose ports are open between the nodes; `none` opens no ports. */
  readonly cni: Cni;
  /** Who reaches the Kubernetes API, besides nodes and pods. @default - anyone */
  readonly kubernetesApiCidrs?: readonly string[];
  /** Who reaches the Talos API, besides nodes and pods. @default - anyone */
  readonly talosApiCidrs?: readonly string[];
  /** Who reaches NodePorts. @default - nobody */
  readonly nodePortCidrs?: readonly string[];
  /** What else is let in. @default - nothing */
  readonly rules?: readonly TalosTrafficRule[];
}

/** Packets that nodes let in besides those of Talos and Kubernetes. */
export interface TalosTrafficRule {
  /** Ports and ranges of ports, `8080` or `30000-32767`; at most 15, where a range counts as two. */
  readonly ports: readonly (number | string)[];
  /** Their protocol. @default "tcp" */
  readonly protocol?: "tcp" | "udp";
  /** Networks and addresses that may reach them. @default - anyone */
  readonly from?: readonly string[];
  /** The nodes that let them in. @default - all nodes */
  readonly role?: NodeRole;
  /** Comment in Proxmox. @default - no comment */
  readonly comment?: string;
}

/** The addresses of a cluster. */
export interface TalosTrafficNetwork {
  /** Network of the nodes. */
  readonly nodeCidr: string;
  /** Networks of the pods. */
  readonly podCidrs: readonly string[];
  /** Addresses of the control planes, without a prefix length. */
  readonly controlPlaneAddresses: readonly string[];
}

/**
 * What a node of a Talos cluster must let in, by its role. Whoever has an address in the network of the nodes counts as a node, but
 * for etcd: so a new node changes nothing for the others. Pods may reach everything, as in Talos' own firewall: they
 * are routed without a tunnel by some network plugins, and reach the node that they run on anyway.
 *
 * @see https://docs.siderolabs.com/talos/v1.13/networking/ingress-firewall
 */
export function talosTraffic(
  role: NodeRole,
  props: TalosTrafficProps,
  { nodeCidr, podCidrs, controlPlaneAddresses }: TalosTrafficNetwork,
): AcceptedTraffic[] {
  const nodes = [nodeCidr];
  const besides = (cidrs: readonly string[] | undefined) => cidrs && [...nodes, ...cidrs];
  const onControlPlane: readonly AcceptedTraffic[] = [
    accepted(KUBERNETES_API, besides(props.kubernetesApiCidrs)),
    accepted(TRUSTD, nodes),
    accepted(ETCD, controlPlaneAddresses),
  ];
  return [
    ...(podCidrs.length > 0 ? [{ name: "pods", from: podCidrs }] : []),
    ...(role === "controlplane" ? onControlPlane : []),
    accepted(TALOS_API, besides(props.talosApiCidrs)),
    accepted(KUBELET, nodes),
    ...CNI_SERVICES[props.cni].map((service) => accepted(service, nodes)),
    ...NODE_PORTS.map((service) => accepted(service, props.nodePortCidrs ?? [])),
    ...ICMP.map((service) => accepted(service)),
    ...(props.rules ?? [])
      .filter((rule) => rule.role === undefined || rule.role === role)
      .map(({ ports, protocol = "tcp", from, comment = "" }) => ({
        name: comment,
        protocol,
        ports: ports.map((each) => String(each).replace("-", ":")).join(","),
        from,
      })),
  ];
}

const accepted = (service: Service, from?: readonly string[]): AcceptedTraffic => ({ ...service, from });
