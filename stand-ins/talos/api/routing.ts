import type { Metadata } from "@grpc/grpc-js";
import type { Machines } from "../machines";
import type { Node } from "../node/node";
import { RpcError } from "./rpc-error";

/** A node that a request is for. */
export interface Target {
  readonly node: Node;
  /** The name that the client used, to tell several answers apart; undefined for an answer of one node. */
  readonly hostname?: string;
  /** Why the node cannot be asked. Of several nodes, the others answer all the same. */
  readonly unreachable?: RpcError;
}

/** The services that can answer for several nodes in one response. */
const MULTI_NODE_SERVICES = [
  "machine.MachineService",
  "cluster.ClusterService",
  "storage.StorageService",
  "time.TimeService",
];

/**
 * Finds the nodes that a request is for: the one in the metadata `node`, those in `nodes`, or else the receiver. Only a
 * control plane node forwards requests.
 * @throws RpcError
 */
export function route(
  machines: Machines,
  receiver: Node,
  method: string,
  metadata: Metadata,
): readonly Target[] {
  const several = values(metadata, "nodes");
  if (several.length > 0) {
    if (!MULTI_NODE_SERVICES.some((service) => method.startsWith(`${service}/`))) {
      throw new RpcError("INVALID_ARGUMENT", `one-2-many proxying is not supported for method /${method}`);
    }
    return several.map((hostname) => oneOfSeveral(machines, receiver, hostname));
  }
  const [name, ...more] = values(metadata, "node");
  if (more.length > 0) throw new RpcError("INVALID_ARGUMENT", "node metadata must be single-valued");
  return [{ node: name === undefined ? receiver : resolve(machines, receiver, name) }];
}

function oneOfSeveral(machines: Machines, receiver: Node, hostname: string): Target {
  try {
    return { node: resolve(machines, receiver, hostname), hostname };
  } catch (error) {
    if (!(error instanceof RpcError) || error.status !== "UNAVAILABLE") throw error;
    return { node: machines.byAddress(hostname) ?? receiver, hostname, unreachable: error };
  }
}

function resolve(machines: Machines, receiver: Node, name: string): Node {
  if (receiver.addresses.includes(name)) return receiver;
  if (receiver.condition !== "RUNNING" || !receiver.isControlPlane) {
    throw new RpcError("PERMISSION_DENIED", "no request forwarding");
  }
  const node = machines.byAddress(name);
  if (!node || !machines.isReachable(node)) {
    throw unavailable(`transport: Error while dialing: dial tcp ${name}:50000: connect: connection refused`);
  }
  if (!isTrusted(receiver, node)) {
    throw unavailable(
      "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority",
    );
  }
  return node;
}

/** All values of a metadata key. HTTP/2 joins repeated values with commas. Without a node, talosctl sends an empty one. */
const values = (metadata: Metadata, key: string): readonly string[] =>
  metadata.get(key).flatMap((value) => String(value).split(/,\s*/).filter(Boolean));

const isTrusted = (receiver: Node, node: Node): boolean =>
  node.condition === "RUNNING" &&
  node.config?.main?.machine?.ca?.crt === receiver.config?.main?.machine?.ca?.crt;

const unavailable = (reason: string): RpcError =>
  new RpcError("UNAVAILABLE", `connection error: desc = "${reason}"`);
