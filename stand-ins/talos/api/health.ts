import { setTimeout as sleep } from "node:timers/promises";
import type { Machines } from "../machines";
import type { Node } from "../node/node";
import type { HealthCheckRequest } from "../protocol/messages";
import { READERS } from "./caller";
import { requireControlPlane } from "./etcd/requirements";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";
import { servicesOf } from "./status";

/** The nodes of a cluster by their addresses; undefined where there is no such node. */
type Found = ReadonlyMap<string, Node | undefined>;

interface Cluster {
  readonly controlPlane: Found;
  readonly all: Found;
}

/** What is waited for, and what is wrong as long as it is not so. */
interface Check {
  readonly title: string;
  readonly problem: (cluster: Cluster, machines: Machines) => string | undefined;
}

const POLL_MS = 250;

/** The first node that is not as it should be. */
function firstProblem(nodes: Found, problem: (node: Node) => string | undefined): string | undefined {
  for (const [address, node] of nodes) {
    const text = node ? problem(node) : "no such node";
    if (text) return `1 error occurred:\n\t* ${address}: ${text}`;
  }
  return undefined;
}

const serviceIsHealthy = (id: string, of: keyof Cluster): Check => ({
  title: `${id} to be healthy`,
  problem: (cluster, machines) =>
    firstProblem(cluster[of], (node) => {
      const problem = unreachable(machines, node);
      if (problem) return problem;
      const service = servicesOf(machines, node).find((one) => one.id === id);
      if (service?.state !== "Running") {
        return `service "${id}" not in expected state "Running": current state [${service?.state ?? "Unknown"}]`;
      }
      return service.healthy ? undefined : `service is not healthy: ${id}`;
    }),
});

const ALWAYS_SO = ["all nodes memory sizes", "all nodes disk sizes", "no diagnostics"];

/** In the order and the words of Talos. */
const CHECKS: readonly Check[] = [
  serviceIsHealthy("etcd", "controlPlane"),
  {
    title: "etcd members to be consistent across nodes",
    problem: ({ controlPlane }, machines) =>
      firstProblem(controlPlane, (node) =>
        machines.etcd.isLearner(node) ? "etcdserver: rpc not supported for learner" : undefined,
      ),
  },
  {
    title: "etcd members to be control plane nodes",
    problem: ({ controlPlane }, machines) => {
      const [first] = controlPlane.values();
      const addresses = first ? machines.etcd.members(first).map(({ address }) => address) : [];
      const same = addresses.length === controlPlane.size && addresses.every((one) => controlPlane.has(one));
      return same
        ? undefined
        : `etcd member ips [${addresses.join(" ")}] are not subset of control plane node ips [${[...controlPlane.keys()].join(" ")}]`;
    },
  },
  {
    title: "apid to be ready",
    problem: ({ all }, machines) => firstProblem(all, (node) => unreachable(machines, node)),
  },
  ...ALWAYS_SO.map((title): Check => ({ title, problem: () => undefined })),
  serviceIsHealthy("kubelet", "controlPlane"),
  {
    title: "all nodes to finish boot sequence",
    problem: ({ all }) =>
      firstProblem(all, (node) => (node.isReady ? undefined : "expected machine stage to be running")),
  },
];

/** They need the Kubernetes API, which these nodes do not have. */
const KUBERNETES = [
  "all k8s nodes to report",
  "all control plane static pods to be running",
  "all control plane components to be ready",
  "all k8s nodes to report ready",
  "kube-proxy to report ready",
  "coredns to report ready",
  "all k8s nodes to report schedulable",
];

/** Waits until the cluster is healthy, and says what it waits for. */
export const healthCheck = method<HealthCheckRequest>(READERS, async function* (context, request) {
  requireControlPlane(context, "cluster health check");
  const { machines, signal } = context;
  const cluster = clusterOf(context, request);
  const addresses = [...cluster.all.keys()].map((address) => `"${address}"`);
  yield { message: `discovered nodes: [${addresses.join(" ")}]` };
  const until = Date.now() + Number(request.waitTimeout?.seconds ?? 0) * 1000;
  for (const { title, problem } of CHECKS) {
    yield { message: `waiting for ${title}: ...` };
    for (let said = "..."; said !== "OK"; ) {
      const now = problem(cluster, machines) ?? "OK";
      if (now !== said) yield { message: `waiting for ${title}: ${now}` };
      said = now;
      if (now === "OK") continue;
      if (Date.now() >= until) throw new RpcError("DEADLINE_EXCEEDED", "context deadline exceeded");
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }
  for (const title of KUBERNETES) yield { message: `waiting for ${title}: SKIP` };
});

/** The nodes that the client names, or else those of the cluster that run. */
function clusterOf({ machines, node }: CallContext, { clusterInfo }: HealthCheckRequest): Cluster {
  const { controlPlaneNodes = [], workerNodes = [] } = clusterInfo ?? {};
  const named = (addresses: readonly string[]) =>
    addresses.map((address) => [address, machines.byAddress(address)] as const);
  if (controlPlaneNodes.length + workerNodes.length > 0) {
    const controlPlane = named(controlPlaneNodes);
    return { controlPlane: new Map(controlPlane), all: new Map([...controlPlane, ...named(workerNodes)]) };
  }
  const found = machines.clusterOf(node).map((one) => [one.state.address, one] as const);
  return { controlPlane: new Map(found.filter(([, one]) => one.isControlPlane)), all: new Map(found) };
}

const unreachable = (machines: Machines, node: Node): string | undefined =>
  machines.isReachable(node)
    ? undefined
    : `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp ${node.state.address}:50000: connect: connection refused"`;
