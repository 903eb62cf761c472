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
  checkControlPlane,
  checkRenames,
];
const WARNINGS: readonly Check[] = [warnOfIdleHa, warnOfMissingAgent, warnOfMissingAccount];

/** The mistakes in the values that are sound. What was refused already is not complained about again. */
export function checkCluster(cluster: ResolvedCluster): Problem[] {
  return CHECKS.flatMap((check) => [...check(cluster)]).filter(({ path }) => cluster.isSound(path));
}

export function findWarnings(cluster: ResolvedCluster): Problem[] {
  return WARNINGS.flatMap((warn) => [...warn(cluster)]);
}
