/**
 * The public API of the package: constructs, stacks, and the loader of `cluster.yaml`.
 *
 * @module cdktf-proxmox-talos
 */
export {
  type ConfigEnvironment,
  ConfigError,
  type LoadClusterProps,
  type LoadedCluster,
  loadCluster,
} from "./config";
export type * from "./config/cluster-config";
export type { Diagnostic, Location } from "./config/diagnostic";
export type * from "./config/firewall-config";
export type * from "./config/talos-config";
// The constructs for Cloudflare are in ./cloudflare: they need the bindings of its provider.
export * from "./constructs/adopted-devices";
export * from "./constructs/anti-affinity";
export * from "./constructs/ephemeral";
export * from "./constructs/ha-resource";
export * from "./constructs/local-backend";
export * from "./constructs/moved";
export * from "./constructs/node-firewall";
export * from "./constructs/protected-nodes";
export * from "./constructs/proxmox-access";
export * from "./constructs/proxmox-provider";
export * from "./constructs/r2-backend";
export * from "./constructs/state-encryption";
export * from "./constructs/talos-cluster";
export * from "./constructs/talos-cluster-props";
export * from "./constructs/talos-image";
export * from "./constructs/talos-provider";
export * from "./constructs/talos-traffic";
export * from "./constructs/talos-vm";
export * from "./constructs/talos-vm-props";
export * from "./constructs/tfstate-worker-backend";
export * from "./constructs/vm-id-guard";
export { R2_JURISDICTIONS } from "./domain/r2";
export {
  BOOTLOADERS,
  type Bootloader,
  type Overlay,
  QEMU_GUEST_AGENT,
  type Schematic,
  schematicId,
  schematicYaml,
  secureBootObstacle,
} from "./domain/schematic";
export { STATE_BACKENDS } from "./domain/state";
export { BOOT_MODES, NODE_ROLES } from "./domain/talos";
export type { DiskSetting, NetworkInterfaceSetting, VmSetting } from "./domain/vm-settings";
export { ClusterStack } from "./stacks/cluster-stack";
export * from "./stacks/cluster-stack-props";
export * from "./stacks/proxmox-access-stack";
