import type { Problem } from "../diagnostic";
import { mergeInstanceProblems } from "../pool-path";
import type { ResolvedCluster } from "../resolve-cluster";
import { checkAddresses } from "./addresses";
import { checkAdoption, noteDerivedIds } from "./adoption";
import { checkBoot, warnOfMissingAgent } from "./boot";
import { checkBootstrap, warnOfMissingAccount } from "./bootstrap";
import { checkControlPlane, warnOfEvenControlPlane } from "./control-plane";
import { checkDevices, checkRenames } from "./devices";
import { checkDuplicates } from "./duplicates";
import { checkInstallDisk } from "./install-disk";
import { checkNetworks, warnOfUntaggedAddress } from "./networks";
import { checkUsbDevices } from "./passthrough";
import { warnOfSecretsInPatches } from "./patch-secrets";
import { checkEjectedIso, checkPlacement, warnOfIdleHa, warnOfInsecureApi } from "./placement";
import { checkPools } from "./pools";
import { warnOfPreRelease } from "./release";
import { checkResources } from "./resources";
import { checkState } from "./state";
import { checkTalos, warnOfUnconfiguredTalos } from "./talos";

/** Checks a cluster that matches the schema. */
type Check = (cluster: ResolvedCluster) => Iterable<Problem>;

const CHECKS: readonly Check[] = [
  checkPools,
  checkNetworks,
  checkAddresses,
  checkDuplicates,
  checkAdoption,
  checkResources,
  checkBoot,
  checkInstallDisk,
  checkDevices,
  checkUsbDevices,
  checkPlacement,
  checkEjectedIso,
  checkState,
  checkBootstrap,
  checkControlPlane,
  checkRenames,
  checkTalos,
];
const WARNINGS: readonly Check[] = [
  warnOfInsecureApi,
  warnOfPreRelease,
  warnOfEvenControlPlane,
  warnOfUntaggedAddress,
  warnOfIdleHa,
  warnOfMissingAgent,
  warnOfMissingAccount,
  warnOfUnconfiguredTalos,
  warnOfSecretsInPatches,
];

/** The mistakes in the values that are sound. What was refused already is not complained about again. */
export function checkCluster(cluster: ResolvedCluster): Problem[] {
  const found = CHECKS.flatMap((check) => [...check(cluster)]);
  return mergeInstanceProblems(found.filter(({ path }) => cluster.isSound(path)));
}

/** What was made up for the user, and is worth a look. */
export function findNotes(cluster: ResolvedCluster): Problem[] {
  return mergeInstanceProblems([...noteDerivedIds(cluster)]);
}

export function findWarnings(cluster: ResolvedCluster): Problem[] {
  return mergeInstanceProblems(WARNINGS.flatMap((warn) => [...warn(cluster)]));
}
