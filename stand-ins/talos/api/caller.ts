import type { PeerCertificate } from "node:tls";
import type { Node } from "../node/node";
import type { Caller, Role } from "./method";

const ROLES: readonly Role[] = ["os:admin", "os:operator", "os:reader", "os:etcd:backup"];

/** In maintenance everybody may read; afterwards the roles are the organizations of the client's certificate. */
export function callerOf(receiver: Node, certificate: PeerCertificate | undefined): Caller {
  if (receiver.condition !== "RUNNING") return { roles: ["os:reader"] };
  const organizations: readonly string[] = [certificate?.subject?.O ?? []].flat();
  return { roles: ROLES.filter((role) => organizations.includes(role)) };
}
