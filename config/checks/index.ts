import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";
import { checkAddresses } from "./addresses";
import { checkBoot, warnOfMissingAgent } from "./boot";
import { checkBootstrap, warnOfMissingAccount } from "./bootstrap";
import { checkControlPlane } from "./control-plane";
import { checkDevices, checkRenames } from "./devices";
import { checkDuplicates } from "./duplicates";
import { checkNetworks } from "./networks";
import { checkPlacement, warnOfIdleHa } from "./placement";
import { checkResources } from "./resources";
import { checkState } from "./state";

/** Checks a cluster that matches the schema. */
type Check = (cluster: ResolvedCluster) => Iterable<Problem>;

/** These also work for a part of the nodes, so an invalid node does not hide the mistakes of others. */
const CHECKS: readonly Check[] = [
  checkNetworks,
  checkAddresses,
  checkDuplicates,
  checkResources,
  checkBoot,
  checkDevices,
  checkPlacement,
  checkState,
  checkBootstrap,
];
/** These need all nodes. */
const WHOLE_CLUSTER_CHECKS: readonly Check[] = [checkControlPlane, checkRenames];
const WARNINGS: readonly Check[] = [warnOfIdleHa, warnOfMissingAgent, warnOfMissingAccount];

export function checkCluster(cluster: ResolvedCluster, hasAllNodes: boolean): Problem[] {
  const checks = hasAllNodes ? [...CHECKS, ...WHOLE_CLUSTER_CHECKS] : CHECKS;
  return checks.flatMap((check) => [...check(cluster)]);
}

export function findWarnings(cluster: ResolvedCluster): Problem[] {
  return WARNINGS.flatMap((warn) => [...warn(cluster)]);
}
