export { ProxmoxProvider, type ProxmoxProviderConfig } from "../.gen/providers/proxmox/provider";
