import type { Caller } from "../access/caller";
import type { Cluster } from "../cluster";
import type { Guest, HaRule } from "../model";
import { startGuest, stopGuest } from "../qemu/lifecycle";
import { migrateGuest } from "../qemu/migration";

/** What the HA manager does, it does as root. */
const MANAGER: Caller = { id: "root@pam", userId: "root@pam", tokenId: "" };

export const vmidOf = (sid: string): string => sid.split(":")[1] ?? "";

/**
 * Brings what is under the HA manager's care into the state that was asked for, on hosts that its rules allow:
 * after a new rule a VM may find itself elsewhere. Nothing is fenced: a host that is offline keeps its guests.
 */
export function reconcile(cluster: Cluster): void {
  for (const sid of Object.keys(cluster.state.ha.resources).sort()) {
    const guest = cluster.state.guests[vmidOf(sid)];
    if (guest?.type !== "qemu" || guest.config.lock || !cluster.state.hosts[guest.node]?.online) continue;
    pursueState(cluster, sid, guest);
    const target = selectHost(cluster, sid, guest);
    if (guest.status === "running" && target !== guest.node) relocate(cluster, guest, target);
  }
}

/** Asks for a live migration, which the rules may forbid. @returns who is in the way */
export function requestMigration(cluster: Cluster, sid: string, target: string): readonly string[] {
  const guest = cluster.state.guests[vmidOf(sid)];
  const blocking = separateFrom(cluster, sid).filter(
    (other) => cluster.state.guests[vmidOf(other)]?.node === target,
  );
  const isElsewhere = guest?.status === "running" && guest.node !== target;
  if (guest && isElsewhere && blocking.length === 0) relocate(cluster, guest, target);
  return blocking;
}

function pursueState(cluster: Cluster, sid: string, guest: Guest): void {
  const state = cluster.state.ha.resources[sid]?.state;
  if (state === "stopped" || state === "disabled") stopGuest(guest);
  if ((state === "started" || state === "enabled") && guest.status === "stopped") {
    try {
      startGuest(cluster, guest);
    } catch {
      // It stays stopped, as a service in error does.
    }
  }
}

function relocate(cluster: Cluster, guest: Guest, target: string): void {
  const task = { node: guest.node, type: "qmigrate", id: guest.vmid, caller: MANAGER, seconds: 5 };
  cluster.tasks.run(task, (log) => migrateGuest(cluster, guest, { target, withLocalDisks: true }, log));
}

/** Where a guest belongs: among the hosts that rank highest for it, away from those it is kept apart from. */
function selectHost(cluster: Cluster, sid: string, guest: Guest): string {
  const online = Object.keys(cluster.state.hosts).filter((host) => cluster.state.hosts[host]?.online);
  const { allowed, preferred } = affinity(rulesOf(cluster, sid, "node-affinity")[0], online);
  const occupied = new Set(
    separateFrom(cluster, sid).map((other) => cluster.state.guests[vmidOf(other)]?.node),
  );
  const failback = cluster.state.ha.resources[sid]?.failback ?? true;
  if (!failback && allowed.includes(guest.node) && !occupied.has(guest.node)) return guest.node;
  const free = preferred.filter((host) => !occupied.has(host));
  if (free.length === 0 || free.includes(guest.node)) return guest.node;
  const load = (host: string) =>
    Object.values(cluster.state.guests).filter(({ node, status }) => node === host && status === "running")
      .length;
  return [...free].sort((a, b) => load(a) - load(b) || a.localeCompare(b))[0] ?? guest.node;
}

function affinity(rule: HaRule | undefined, online: readonly string[]) {
  const named = online.filter((host) => rule?.nodes?.[host] !== undefined);
  if (!rule?.nodes || named.length === 0) return { allowed: online, preferred: rule?.strict ? [] : online };
  const highest = Math.max(...named.map((host) => rule.nodes?.[host] ?? 0));
  return {
    allowed: rule.strict ? named : online,
    preferred: named.filter((host) => rule.nodes?.[host] === highest),
  };
}

/** The running guests that a rule keeps a guest apart from. */
function separateFrom(cluster: Cluster, sid: string): readonly string[] {
  return rulesOf(cluster, sid, "resource-affinity")
    .filter((rule) => rule.affinity === "negative")
    .flatMap((rule) => rule.resources)
    .filter((other) => other !== sid && cluster.state.guests[vmidOf(other)]?.status === "running");
}

const rulesOf = (cluster: Cluster, sid: string, type: HaRule["type"]): readonly HaRule[] =>
  Object.values(cluster.state.ha.rules).filter(
    (rule) => rule.type === type && !rule.disable && rule.resources.includes(sid),
  );
