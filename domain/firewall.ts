import { Address, Cidr } from "./ip";
import type { Pattern } from "./pattern";
import type { Range } from "./range";

/** What a service of a node listens on. */
export interface Service {
  /** Its name, which is the comment of its rule in Proxmox. */
  readonly name: string;
  /** A protocol of `/etc/protocols`. */
  readonly protocol: string;
  /** TCP or UDP ports as Proxmox writes them: `80`, `2379:2380`. */
  readonly ports?: string;
}

/*
 * Talos: https://docs.siderolabs.com/talos/v1.13/networking/ingress-firewall
 * Kubernetes: https://kubernetes.io/docs/reference/networking/ports-and-protocols/
 * KubePrism is not among them: it listens on localhost.
 */
export const KUBERNETES_API: Service = { name: "Kubernetes API", protocol: "tcp", ports: "6443" };
export const TALOS_API: Service = { name: "Talos API", protocol: "tcp", ports: "50000" };
/** Where a worker gets its certificates, on control planes. */
export const TRUSTD: Service = { name: "trustd", protocol: "tcp", ports: "50001" };
export const ETCD: Service = { name: "etcd", protocol: "tcp", ports: "2379:2380" };
export const KUBELET: Service = { name: "kubelet", protocol: "tcp", ports: "10250" };
export const NODE_PORTS: readonly Service[] = ["tcp", "udp"].map((protocol) => ({
  name: "NodePorts",
  protocol,
  ports: "30000:32767",
}));
export const ICMP: readonly Service[] = [
  { name: "ICMP", protocol: "icmp" },
  { name: "ICMPv6", protocol: "ipv6-icmp" },
];

export const CNIS = ["flannel", "cilium", "calico", "none"] as const;
export type Cni = (typeof CNIS)[number];

const wireguard = (ports: string): Service => ({ name: "WireGuard", protocol: "udp", ports });

/** What the nodes send each other for the pod network. */
export const CNI_SERVICES: Readonly<Record<Cni, readonly Service[]>> = {
  /** Talos' own: https://docs.siderolabs.com/talos/v1.13/networking/ingress-firewall */
  flannel: [{ name: "flannel VXLAN", protocol: "udp", ports: "4789" }],
  /** https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules */
  cilium: [
    { name: "Cilium VXLAN", protocol: "udp", ports: "8472" },
    { name: "Cilium Geneve", protocol: "udp", ports: "6081" },
    { name: "Cilium health", protocol: "tcp", ports: "4240" },
    { name: "Hubble", protocol: "tcp", ports: "4244" },
    wireguard("51871"),
  ],
  /** https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements#network-requirements */
  calico: [
    { name: "Calico VXLAN", protocol: "udp", ports: "4789" },
    { name: "Calico IP-in-IP", protocol: "ipencap" },
    { name: "Calico BGP", protocol: "tcp", ports: "179" },
    { name: "Typha", protocol: "tcp", ports: "5473" },
    wireguard("51820:51821"),
  ],
  none: [],
};

export const PORT: Range = { min: 1, max: 65_535 };

/** iptables matches at most 15 ports in one rule, and a range counts as two. */
export const MAX_PORTS = 15;

/** The comment of a rule ends its line in Proxmox' file, without the blanks around it. */
export const RULE_COMMENT: Pattern = {
  regex: /^(?![\s\S]*[$%]\{)\S([^\r\n]{0,98}\S)?$/,
  advice: "is not a comment; use one line of at most 100 characters, without ${ and %{",
};

/** What is wrong with a port or range of ports, `8080` or `30000-32767`, and what to write; undefined if nothing is. */
export function portsProblem(text: string | number): string | undefined {
  const [first, last = first, ...rest] = String(text).split("-").map(Number);
  const isPort = (port = Number.NaN) => Number.isInteger(port) && port >= PORT.min && port <= PORT.max;
  if (!/^\d+(-\d+)?$/.test(String(text)) || rest.length > 0 || !isPort(first) || !isPort(last)) {
    return `is not a port or range of ports from ${PORT.min} to ${PORT.max}; write it like 8080 or 30000-32767`;
  }
  return Number(first) > Number(last) ? `begins after its end; write ${last}-${first}` : undefined;
}

/** How many of {@link MAX_PORTS} a list of ports uses. */
export function countPorts(ports: readonly (string | number)[]): number {
  return ports.reduce<number>((sum, each) => sum + (String(each).includes("-") ? 2 : 1), 0);
}

/** What is wrong with an address or network that packets come from, and what to write; undefined if nothing is. */
export function sourceProblem(text: string): string | undefined {
  if (Address.isValid(text)) return undefined;
  if (!Cidr.isValid(text)) return "is not a network or address; write it like 10.20.0.0/22";
  const cidr = Cidr.parse(text);
  return cidr.address.equals(cidr.network)
    ? undefined
    : `is an address within its network; write ${cidr.text}, or the address without its prefix length`;
}

/** The longest source of a rule that Proxmox takes, in characters. */
const MAX_SOURCE_LENGTH = 512;

/** Sources as Proxmox accepts them in rules: comma-separated lists, each of one family and not too long. */
export function sourceLists(sources: readonly string[]): string[] {
  const lists: string[] = [];
  for (const isIPv6 of [false, true]) {
    let list = "";
    for (const source of new Set(sources.filter((each) => each.includes(":") === isIPv6))) {
      if (list !== "" && list.length + source.length + 1 > MAX_SOURCE_LENGTH) {
        lists.push(list);
        list = "";
      }
      list += list === "" ? source : `,${source}`;
    }
    if (list !== "") lists.push(list);
  }
  return lists;
}
