import { table } from "../../process/table";
import type { EtcdStatus } from "./status";

/** A line for each control plane: what its member is, how many it sees, how large its database is. */
export function etcdTable(members: EtcdStatus["members"]): string {
  const rows = members.map(({ node, error, members: seen, leader, alarms, dbSize = "", inUse = "" }) => {
    if (error !== undefined) return [node, "no answer"];
    const own = seen.find(({ hostname }) => hostname === node);
    const role = own?.isLearner ? "learner" : own !== undefined && own.id === leader ? "leader" : "member";
    return [node, own ? role : "no member", String(seen.length), dbSize, inUse, alarms.join(", ")];
  });
  return table(["etcd", "is", "members", "database", "in use", "alarms"], rows);
}
