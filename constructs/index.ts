/** The public API of the package. */
export { ProxmoxProvider, type ProxmoxProviderConfig } from "../.gen/providers/proxmox/provider";
export * from "./high-availability";
export * from "./moved";
export * from "./proxmox-access";
export * from "./r2-backend";
export * from "./schematic";
export * from "./state-encryption";
export * from "./talos-image";
export * from "./talos-vm";
export * from "./talos-vm-props";
export * from "./tfstate-worker-backend";
export * from "./vm-id-guard";
