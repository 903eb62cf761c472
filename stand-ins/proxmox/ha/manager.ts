import type { Caller } from "../access/access-control";
import type { Cluster } from "../cluster";
import type { Guest, HaRule } from "../model";
import { startGuest, stopGuest } from "../qemu/lifecycle";
import { migrateGuest } from "../qemu/migration";

/** The HA manager acts as root. */
const MANAGER: Caller = { id: "root@pam", userId: "root@pam", tokenId: "" };

export const vmidOf = (sid: string): string => sid.split(":")[1] ?? "";

/**
 * Brings the HA resources into their requested state, on hosts that the rules allow. A new rule can therefore move a VM.
 * There is no fencing: a host that is offline keeps its guests.
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

/** Requests a live migration, which the rules may forbid. @returns the resources that prevent it */
export function requestMigration(cluster: Cluster, sid: string, target: string): readonly string[] {
  const guest = cluster.state.guests[vmidOf(sid)];
  const blocking = separateFrom(cluster, sid).filter(
    (other) => cluster.state.guests[vmidOf(other)]?.node === target,
  );
  const isElsewhere = guest?.status === "running" && guest.node !== target;
  if (guest && isElsewhere && blocking.length === 0) relocate(cluster, guest, target);
  return blocking;
}

/** Removes a guest from the HA resources, and from the rules that name it. */
export function removeHaResource(cluster: Cluster, sid: string): void {
  const { resources, rules } = cluster.state.ha;
  delete resources[sid];
  for (const [id, rule] of Object.entries(rules)) {
    if (!rule.resources.includes(sid)) continue;
    rule.resources = rule.resources.filter((each) => each !== sid);
    if (rule.resources.length === 0) delete rules[id];
  }
}

function pursueState(cluster: Cluster, sid: string, guest: Guest): void {
  const state = cluster.state.ha.resources[sid]?.state;
  if (state === "stopped" || state === "disabled") stopGuest(guest);
  if ((state === "started" || state === "enabled") && guest.status === "stopped") {
    try {
      startGuest(cluster, guest);
    } catch {
      // It stays stopped, like a service in the state `error`.
    }
  }
}

function relocate(cluster: Cluster, guest: Guest, target: string): void {
  const task = { node: guest.node, type: "qmigrate", id: guest.vmid, caller: MANAGER, seconds: 5 };
  cluster.tasks.run(task, (log) => migrateGuest(cluster, guest, { target, withLocalDisks: true }, log));
}

/** The host for a guest: one with the highest priority in its rules, without a guest that it must be separate from. */
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

/** The running guests that a rule keeps separate from a guest. */
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
