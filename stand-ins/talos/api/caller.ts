import type { PeerCertificate } from "node:tls";
import type { Node } from "../node/node";

export type Role = "os:admin" | "os:operator" | "os:reader" | "os:etcd:backup";

export const ADMIN: readonly Role[] = ["os:admin"];
export const OPERATORS: readonly Role[] = ["os:admin", "os:operator"];
export const READERS: readonly Role[] = ["os:admin", "os:operator", "os:reader"];
export const ANY_ROLE: readonly Role[] = [...READERS, "os:etcd:backup"];

export interface Caller {
  readonly roles: readonly Role[];
}

/**
 * Who makes a call. In maintenance everybody is a reader; afterwards the roles are the organizations of the client's
 * certificate.
 */
export function callerOf(receiver: Node, certificate: PeerCertificate | undefined): Caller {
  if (receiver.condition !== "RUNNING") return { roles: ["os:reader"] };
  const organizations: readonly string[] = [certificate?.subject?.O ?? []].flat();
  return { roles: ANY_ROLE.filter((role) => organizations.includes(role)) };
}
