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

/** Looks at a cluster that passed the schema, and knows nothing of files. */
type Check = (cluster: ResolvedCluster) => Iterable<Problem>;

/** Make sense for a part of the nodes too, so that one broken node does not hide what is wrong with others. */
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
/** Need all nodes. */
const WHOLE_CLUSTER_CHECKS: readonly Check[] = [checkControlPlane, checkRenames];
const WARNINGS: readonly Check[] = [warnOfIdleHa, warnOfMissingAgent, warnOfMissingAccount];

export function checkCluster(cluster: ResolvedCluster, hasAllNodes: boolean): Problem[] {
  const checks = hasAllNodes ? [...CHECKS, ...WHOLE_CLUSTER_CHECKS] : CHECKS;
  return checks.flatMap((check) => [...check(cluster)]);
}

export function findWarnings(cluster: ResolvedCluster): Problem[] {
  return WARNINGS.flatMap((warn) => [...warn(cluster)]);
}
