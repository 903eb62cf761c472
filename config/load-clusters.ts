import { checkSecretsFile } from "./checks/secrets-file";
import { checkTogether } from "./checks/together";
import type { ClusterFiles } from "./cluster-files";
import { ConfigError } from "./config-error";
import type { Diagnostic } from "./diagnostic";
import type { ConfigEnvironment } from "./environment";
import { findClusters } from "./find-files";
import type { LoadedFromEnv, LoadFromEnvProps } from "./load-from-env";
import { loadWithSource, type SourcedCluster } from "./load-with-source";
import { bootstrapOwner } from "./shared-bootstrap";

/** The clusters of a repository. */
export interface LoadedClusters {
  /** The one that CLUSTER_CONFIG names, else all. */
  readonly chosen: readonly LoadedFromEnv[];
  readonly all: readonly LoadedFromEnv[];
  /** The cluster whose file describes the bootstrap, which all of them share. */
  readonly bootstrapOwner: LoadedFromEnv;
}

/** A cluster, what its files say and where, and which files they are. */
type FoundCluster = ClusterFiles & SourcedCluster;

export interface LoadClustersProps {
  /** `process.env` fits. */
  readonly env: LoadFromEnvProps["env"] & {
    readonly PROXMOX_VE_ENDPOINT?: string;
    readonly TF_VAR_talos_secrets?: string;
  };
}

/**
 * Loads all clusters of the repository, also where only one is chosen: two of them may want the same state, VM id or address.
 *
 * @throws ConfigError with everything that is wrong, one line each
 */
export function loadClusters({ env }: LoadClustersProps): LoadedClusters {
  const { chosen, all } = findClusters({ clusterConfig: env.CLUSTER_CONFIG });
  const diagnostics: Diagnostic[] = [];
  const loaded = all.flatMap((files): FoundCluster[] => {
    try {
      return [{ ...loadWithSource({ ...files, env: environmentOf(files, chosen, env) }), ...files }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      diagnostics.push(...error.diagnostics);
      return [];
    }
  });
  const { owner, problems } = bootstrapOwner(loaded);
  diagnostics.push(...problems, ...checkTogether(loaded, env.PROXMOX_VE_ENDPOINT || undefined));
  const isChosen = ({ clusterFile }: ClusterFiles) => chosen.some((each) => each.clusterFile === clusterFile);
  const hasSecrets = Boolean(env.TF_VAR_talos_secrets);
  diagnostics.push(...loaded.filter(isChosen).flatMap((each) => checkSecretsFile(each, hasSecrets)));
  if (diagnostics.length > 0 || owner === undefined) throw new ConfigError(diagnostics);
  return {
    chosen: loaded.filter(isChosen),
    all: loaded,
    bootstrapOwner: owner,
  };
}

/** What the environment says of the state is about the cluster that is worked on, and not about its neighbours. */
function environmentOf(
  files: ClusterFiles,
  chosen: readonly ClusterFiles[],
  env: ConfigEnvironment,
): ConfigEnvironment {
  return chosen.includes(files) ? env : { CLOUDFLARE_ACCOUNT_ID: env.CLOUDFLARE_ACCOUNT_ID };
}
