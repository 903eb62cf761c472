/*
 * What the token of the cluster stack may do in Proxmox VE. For each privilege, a test fails without it.
 */

/** The least privileges that the VMs, images and checks of this program need. */
export const PRIVILEGES = [
  // To remove an image that no node boots from any more.
  "Datastore.Allocate",
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Mapping.Use",
  "Pool.Allocate",
  "Pool.Audit",
  "SDN.Use",
  "Sys.AccessNetwork",
  "Sys.Audit",
  "VM.Allocate",
  "VM.Audit",
  "VM.Config.CDROM",
  "VM.Config.CPU",
  "VM.Config.Cloudinit",
  "VM.Config.Disk",
  "VM.Config.HWType",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.GuestAgent.Audit",
  "VM.Migrate",
  "VM.PowerMgmt",
];

/** Privileges for the whole datacenter. They are granted on `/` only, without propagation. */
export const DATACENTER_PRIVILEGES = {
  /** Proxmox requires the console privilege for changes to HA. */
  ha: "Sys.Console",
  startupOrder: "Sys.Modify",
} as const;
