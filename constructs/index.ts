/** The public API of the package. */

export {
  BOOTLOADERS,
  type Bootloader,
  type Overlay,
  QEMU_GUEST_AGENT,
  type Schematic,
  schematicId,
  schematicYaml,
  secureBootObstacle,
} from "../domain/schematic";
export * from "./anti-affinity";
export * from "./cloudflare-provider";
export * from "./local-backend";
export * from "./moved";
export * from "./proxmox-access";
export * from "./proxmox-provider";
export * from "./r2-backend";
export * from "./state-bucket";
export * from "./state-encryption";
export * from "./state-token";
export * from "./talos-image";
export * from "./talos-vm";
export * from "./talos-vm-props";
export * from "./tfstate-worker";
export * from "./tfstate-worker-backend";
export * from "./tfstate-worker-settings";
export * from "./vm-id-guard";
export * from "./worker-migrations";
