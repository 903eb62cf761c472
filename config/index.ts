export * from "./cluster-config";
export type { ConfigEnvironment } from "./environment";
export { ConfigError } from "./errors";
export { type ClusterFiles, type FindClusterFilesProps, findClusterFiles } from "./find-files";
export {
  type LoadClusterProps,
  type LoadedCluster,
  loadCluster,
  type NamedText,
  type ParseClusterProps,
  parseCluster,
} from "./load";
export { loadOwnCluster, type OwnCluster, type OwnClusterProps } from "./own-cluster";
