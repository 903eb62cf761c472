export * from "./cluster-config";
export type { ClusterFiles } from "./cluster-files";
export { ConfigError } from "./config-error";
export type { ConfigEnvironment } from "./environment";
export { type FindClusterFilesProps, findClusterFiles } from "./find-files";
export {
  type LoadClusterProps,
  type LoadedCluster,
  loadCluster,
  type NamedText,
  type ParseClusterProps,
  parseCluster,
} from "./load";
export { type LoadClustersProps, type LoadedClusters, loadClusters } from "./load-clusters";
export { type LoadedFromEnv, type LoadFromEnvProps, loadFromEnv } from "./load-from-env";
