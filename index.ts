/** The public API of the package: constructs, the stacks made of them, and the reader of `cluster.yaml`. */
export {
  type ClusterConfig,
  ConfigError,
  type LoadClusterProps,
  type LoadedCluster,
  loadCluster,
} from "./config";
export * from "./constructs";
export { ClusterStack } from "./stacks/cluster-stack";
export * from "./stacks/cluster-stack-props";
export * from "./stacks/proxmox-access-stack";
