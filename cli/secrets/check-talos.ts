import { dirname, join } from "node:path";
import { ConfigError } from "../../config";
import type { ClusterFiles } from "../../config/cluster-files";
import { findClusters } from "../../config/find-files";
import { loadWithSource } from "../../config/load-with-source";
import {
  HOW_TO_MAKE_SECRETS,
  type SecretsPlace,
  TALOS_SECRETS_FILE,
  TF_VAR_TALOS_SECRETS,
} from "../../domain/talos-secrets";
import type { CheckReport } from "../../secrets/check";
import { checkTalosSecrets } from "../../secrets/check-talos";
import type { SopsProps } from "../../secrets/sops";
import { TalosError } from "../../talos/errors";
import { parseSecretsBundle } from "../../talos/secrets-bundle";

/** The files of the clusters; none where there is no cluster yet. @param which all, or only the one that the user has chosen */
export function clusterFiles(env: NodeJS.ProcessEnv, which: "chosen" | "all"): readonly ClusterFiles[] {
  try {
    return findClusters({ clusterConfig: env.CLUSTER_CONFIG })[which];
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

/** Checks the secrets of Talos of the chosen cluster, or of each, that has them out of its state, or has a file with them. */
export async function checkTalos(props: SopsProps, withoutKey: boolean): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const files of clusterFiles(props.env, "chosen")) {
    const folder = dirname(files.clusterFile);
    const found = await checkTalosSecrets({ ...props, folder, withoutKey, problemOf });
    const place = placeOf(files, props.env);
    const { problems = [] } = found ?? {};
    if (found !== undefined)
      reports.push(place === "in-state" ? { ...found, problems: [...problems, UNUSED] } : found);
    else if (place === "out-of-state" && !props.env[TF_VAR_TALOS_SECRETS]) reports.push(missingIn(folder));
  }
  return reports;
}

const UNUSED =
  "talos.secrets is in-state, and a plan would make other secrets; set it to out-of-state, or remove this file if no cluster was made with it";

const missingIn = (folder: string): CheckReport => ({
  file: join(folder, TALOS_SECRETS_FILE),
  recipients: [],
  keys: [],
  problems: [`talos.secrets is out-of-state, and there is no such file; ${HOW_TO_MAKE_SECRETS}`],
  warnings: [],
});

/** Where a cluster has its secrets; undefined if its files have mistakes, which other commands name. */
function placeOf(files: ClusterFiles, env: NodeJS.ProcessEnv): SecretsPlace | undefined {
  try {
    return loadWithSource({ ...files, env }).config.talos?.secrets;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function problemOf(content: unknown): string | undefined {
  try {
    parseSecretsBundle(content, "it");
    return undefined;
  } catch (error) {
    if (error instanceof TalosError) return error.message;
    throw error;
  }
}
