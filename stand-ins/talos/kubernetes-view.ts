import type { ClusterView, KubernetesNode, Taint } from "../kubernetes";
import { kubeletVersion, STATIC_POD_TYPES, staticPods } from "./config/kubernetes-parts";
import { decodeKeyPair } from "./config/machine-config";
import type { MainDocument } from "./config/schema";
import type { Faults } from "./control/faults";
import { clusterOf, type Etcd } from "./etcd/cluster";
import type { Node } from "./node/node";

/** The part of the machines that decides. */
interface Machines {
  readonly nodes: readonly Node[];
  readonly etcd: Etcd;
  readonly faults: Faults;
}

type Cluster = NonNullable<MainDocument["cluster"]>;

const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";
/** Where the API answers on each control plane node. */
const API_PORT = 6443;
const DEFAULT_SERVICE_SUBNET = "10.96.0.0/12";

/** What the nodes make of Kubernetes: a cluster for each Talos CA, as far as a control plane node is configured. */
export function kubernetesViews(machines: Machines): readonly ClusterView[] {
  const clusters = new Map<string, Node[]>();
  for (const node of machines.nodes) {
    if (!node.config?.main) continue;
    clusters.set(clusterOf(node), [...(clusters.get(clusterOf(node)) ?? []), node]);
  }
  return [...clusters.values()].flatMap((nodes) => {
    const first = nodes.find(({ isControlPlane }) => isControlPlane);
    const cluster = first?.config?.main?.cluster;
    const id = first && machines.etcd.database(first);
    if (id === undefined || !cluster) return [];
    const running = nodes.filter((node) => node.isControlPlane && isUp(machines, node));
    return {
      id,
      settings: settingsOf(cluster),
      isServing: running.length > 0 && machines.etcd.hasQuorum(first),
      addresses: [
        hostAndPort(endpointOf(cluster)),
        ...running.flatMap(({ addresses }) =>
          addresses.map((address) => hostAndPort(`https://${bracketed(address)}:${API_PORT}`)),
        ),
      ],
      nodes: nodes.map((node) => kubernetesNode(node, isUp(machines, node))),
    };
  });
}

const isUp = ({ faults }: Machines, node: Node): boolean =>
  node.condition === "RUNNING" && !faults.isUnreachable(node.name);

const endpointOf = ({ controlPlane }: Cluster): string => controlPlane?.endpoint ?? "https://127.0.0.1:6443";

const hostAndPort = (url: string): string => {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 443}`;
};

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

function settingsOf(cluster: Cluster): ClusterView["settings"] {
  const { network, serviceAccount, apiServer, etcd, acceptedCAs = [] } = cluster;
  return {
    endpoint: endpointOf(cluster),
    ca: decodeKeyPair(cluster.ca),
    acceptedCas: acceptedCAs.map((ca) => decodeKeyPair(ca).crt),
    etcdCa: decodeKeyPair(etcd?.ca),
    serviceAccountKey: Buffer.from(serviceAccount?.key ?? "", "base64").toString(),
    serviceSubnets: network?.serviceSubnets ?? [DEFAULT_SERVICE_SUBNET],
    certSans: apiServer?.certSANs ?? [],
  };
}

function kubernetesNode(node: Node, isUp: boolean): KubernetesNode {
  const { config, hostname, state, isControlPlane } = node;
  const { machine, cluster } = config?.main ?? {};
  const isReserved = isControlPlane && !cluster?.allowSchedulingOnControlPlanes;
  return {
    name: hostname,
    bootId: state.bootId,
    isUp,
    address: state.address,
    labels: {
      "kubernetes.io/hostname": hostname,
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      ...(isControlPlane && { [CONTROL_PLANE]: "" }),
      ...machine?.nodeLabels,
    },
    annotations: machine?.nodeAnnotations ?? {},
    taints: [
      ...(isReserved ? [{ key: CONTROL_PLANE, effect: "NoSchedule" }] : []),
      ...Object.entries(machine?.nodeTaints ?? {}).map(toTaint),
    ],
    osImage: `Talos (${state.image.version})`,
    kubeletVersion: kubeletVersion(config),
    staticPods: config
      ? staticPods(config).map(({ id, image, extraArgs }) => ({
          app: id,
          image,
          configVersion: node.versionOf(`${STATIC_POD_TYPES[id]}/${id}`, { image, extraArgs }),
        }))
      : [],
  };
}

/** Reads `dedicated: database:NoSchedule`. */
function toTaint([key, text]: readonly [string, string]): Taint {
  const [value = "", effect] = text.includes(":") ? text.split(":") : ["", text];
  return { key, value, effect: effect ?? "" };
}
