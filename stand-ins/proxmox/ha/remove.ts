import type { Cluster } from "../cluster";

/** Takes a guest out of the HA manager's care, and out of the rules that name it. */
export function removeHaResource(cluster: Cluster, sid: string): void {
  const { resources, rules } = cluster.state.ha;
  delete resources[sid];
  for (const [id, rule] of Object.entries(rules)) {
    if (!rule.resources.includes(sid)) continue;
    rule.resources = rule.resources.filter((each) => each !== sid);
    if (rule.resources.length === 0) delete rules[id];
  }
}
