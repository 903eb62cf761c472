import { Annotations } from "cdktf";
import type { Construct } from "constructs";
import { AntiAffinity } from "../constructs/anti-affinity";
import { HaResource } from "../constructs/ha-resource";
import type { TalosVm } from "../constructs/talos-vm";
import { obstaclesToMove } from "../domain/high-availability";
import { type SpreadGroup, spreadGroups } from "../domain/spread-groups";
import { NODE_ROLES, type NodeRole } from "../domain/talos";
import type { ClusterNodeProps, ClusterStackProps } from "./cluster-stack-props";

/** What {@link addHighAvailability} needs of a stack. */
export interface HighAvailabilityProps {
  readonly cluster: ClusterStackProps;
  /** By node name. */
  readonly vms: ReadonlyMap<string, TalosVm>;
  /** Prefix of the names of the rules. */
  readonly prefix: string;
}

/**
 * Puts every VM that can move under HA, and keeps the VMs of a role apart as far as Proxmox can do so. What it cannot do is
 * a warning.
 *
 * Control planes get a host each, even if then nothing is left to fail over to: etcd keeps its quorum without the one that
 * waits, and would lose it with two on a host that fails. Workers have a host left over, so that each can be restarted.
 */
export function addHighAvailability(scope: Construct, { cluster, vms, prefix }: HighAvailabilityProps): void {
  const hosts = [...new Set(cluster.nodes.map(({ host }) => host))];
  if (hosts.length < 2) return;
  const { bootMode, proxmox } = cluster;
  const obstacles = (node: ClusterNodeProps) => obstaclesToMove(node, { bootMode, ...proxmox });
  warnOfObstacles(scope, cluster.nodes, obstacles);
  for (const role of NODE_ROLES) {
    const movable = cluster.nodes
      .filter((node) => node.role === role && obstacles(node).length === 0)
      .flatMap(({ name }) => vms.get(name) ?? []);
    const groups = spreadGroups(movable, hosts, role === "controlplane" ? hosts.length : hosts.length - 1);
    for (const group of groups) addGroup(scope, group, `${prefix}-${role}`, role);
    warnOfSharedHosts(scope, role, groups);
  }
}

function addGroup(scope: Construct, { key, vms }: SpreadGroup<TalosVm>, rules: string, role: NodeRole): void {
  const [first, ...others] = vms;
  // Proxmox takes no rule of one.
  if (first && others.length === 0) {
    new HaResource(scope, `ha-${first.vmName}`, { vm: first });
    return;
  }
  new AntiAffinity(scope, `spread-${role}-${key}`, {
    ruleName: key === "1" ? rules : `${rules}-${key}`,
    vms,
    comment: `a host of its own for each ${role}`,
  });
}

function warnOfObstacles(
  scope: Construct,
  nodes: readonly ClusterNodeProps[],
  obstaclesOf: (node: ClusterNodeProps) => readonly string[],
): void {
  const namesByObstacle = new Map<string, string[]>();
  for (const node of nodes) {
    for (const obstacle of obstaclesOf(node)) {
      namesByObstacle.set(obstacle, [...(namesByObstacle.get(obstacle) ?? []), node.name]);
    }
  }
  for (const [obstacle, names] of namesByObstacle) {
    Annotations.of(scope).addWarning(`HA leaves out ${names.join(", ")}: ${obstacle}`);
  }
}

function warnOfSharedHosts(scope: Construct, role: NodeRole, groups: readonly SpreadGroup<TalosVm>[]): void {
  const vms = groups.flatMap((group) => group.vms).sort((a, b) => a.vmId - b.vmId);
  const shared = [...new Set(vms.map(({ host }) => host))]
    .map((host) => ({ host, names: namesOf(vms.filter((vm) => vm.host === host)) }))
    .filter(({ names }) => names.length > 1)
    .map(({ host, names }) => `${names.join(" and ")} on ${host}`);
  const apart = groups.filter((group) => group.vms.length > 1).map((group) => namesOf(group.vms).join(", "));
  const kept = `HA keeps apart: ${apart.join("; ") || "none of them"}`;
  if (shared.length > 0) {
    Annotations.of(scope).addWarning(
      `${role} VMs share a host: ${shared.join("; ")}. ${kept}. give the nodes of a role different hosts with proxmox_node, if you have more`,
    );
  } else if (groups.length > 1) {
    Annotations.of(scope).addInfo(`when a host fails, ${role} VMs may come to share one. ${kept}`);
  }
}

const namesOf = (vms: readonly TalosVm[]): string[] => vms.map(({ vmName }) => vmName);
