export * from "./cluster-config";
export { ConfigError } from "./config-error";
export type { ConfigEnvironment } from "./environment";
export { type ClusterFiles, type FindClusterFilesProps, findClusterFiles } from "./find-files";
export {
  type LoadClusterProps,
  type LoadedCluster,
  loadCluster,
  type NamedText,
  type ParseClusterProps,
  parseCluster,
} from "./load";
export { type LoadedFromEnv, type LoadFromEnvProps, loadFromEnv } from "./load-from-env";
