import type { Metadata } from "@grpc/grpc-js";
import type { Machines } from "../machines";
import type { Node } from "../node/node";
import { RpcError } from "./rpc-error";

/** Whom a request is for. */
export interface Target {
  readonly node: Node;
  /** As the client called it, to be told apart in an answer of several; none for a plain answer. */
  readonly hostname?: string;
}

/** The services that answer for several nodes at once. */
const AGGREGATED = ["machine.MachineService", "storage.StorageService"];

/**
 * A client names the node it means by `node`, or several by `nodes`; without either, it means the one it talks to.
 * Only a control plane node passes requests on.
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
    if (!AGGREGATED.some((service) => method.startsWith(`${service}/`))) {
      throw new RpcError("INVALID_ARGUMENT", `one-2-many proxying is not supported for method /${method}`);
    }
    return several.map((hostname) => ({ node: resolve(machines, receiver, hostname), hostname }));
  }
  const [name, ...more] = values(metadata, "node");
  if (more.length > 0) throw new RpcError("INVALID_ARGUMENT", "node metadata must be single-valued");
  return [{ node: name === undefined ? receiver : resolve(machines, receiver, name) }];
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

/** What was sent more than once, HTTP/2 hands over as one, with commas. */
const values = (metadata: Metadata, key: string): readonly string[] =>
  metadata.get(key).flatMap((value) => String(value).split(/,\s*/));

const isTrusted = (receiver: Node, node: Node): boolean =>
  node.condition === "RUNNING" &&
  node.config?.main?.machine?.ca?.crt === receiver.config?.main?.machine?.ca?.crt;

const unavailable = (reason: string): RpcError =>
  new RpcError("UNAVAILABLE", `connection error: desc = "${reason}"`);
