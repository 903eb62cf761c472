import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { HOW_TO_MAKE_SECRETS, TALOS_SECRETS_FILE } from "../../domain/talos-secrets";
import type { ClusterFiles } from "../cluster-files";
import { type Diagnostic, locateProblem } from "../diagnostic";
import type { SourcedCluster } from "../load-with-source";

/**
 * The file with the secrets of Talos is there if, and only if, the cluster has its secrets in it: otherwise a plan would make new
 * ones, which no node accepts.
 * @param isGiven whether the environment has the secrets
 */
export function checkSecretsFile(
  { clusterFile, config: { talos }, source }: ClusterFiles & SourcedCluster,
  isGiven: boolean,
): Diagnostic[] {
  if (talos === undefined) return [];
  const file = join(dirname(clusterFile), TALOS_SECRETS_FILE);
  const isThere = existsSync(file);
  if (talos.secrets === "in-state") {
    const text = `keeps the secrets in the state, but there is ${file}: a plan would make other ones. add secrets: out-of-state; to keep them in the state from now on, run npm run secrets -- talos --to-state after that. remove the file only if they are in the state by now, or no cluster was made with it`;
    return isThere ? [locateProblem({ path: ["talos"], text }, source.locate)] : [];
  }
  const text = `is out-of-state, and there is no ${file}; ${HOW_TO_MAKE_SECRETS}. of a cluster that has them in its state, take them out of it first: set in-state again, then npm run secrets -- talos --from-state`;
  return isThere || isGiven ? [] : [locateProblem({ path: ["talos", "secrets"], text }, source.locate)];
}
