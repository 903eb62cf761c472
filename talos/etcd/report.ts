import { table } from "../../process/table";
import { ownMember } from "../change/etcd-problems";
import type { EtcdStatus } from "./status";

/** A line for each control plane: what its member is, how many it sees, how large its database is. */
export function etcdTable(members: EtcdStatus["members"]): string {
  const rows = members.map((view) => {
    const { node, error, members: seen, leader, alarms, dbSize = "", inUse = "" } = view;
    if (error !== undefined) return [node, "no answer"];
    const own = ownMember(view);
    const role = own?.isLearner ? "learner" : own !== undefined && own.id === leader ? "leader" : "member";
    return [node, own ? role : "no member", String(seen.length), dbSize, inUse, alarms.join(", ")];
  });
  return table(["etcd", "is", "members", "database", "in use", "alarms"], rows);
}
