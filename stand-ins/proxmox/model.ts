/** Everything that is saved of the cluster: plain data, written as JSON after every change. */
export interface ClusterState {
  readonly hosts: Record<string, Host>;
  readonly storages: Record<string, Storage>;
  /** By {@link volumeKey}. */
  readonly volumes: Record<string, Volume>;
  /** Virtual machines and containers by ID, which is unique in the cluster. */
  readonly guests: Record<string, Guest>;
  readonly pools: Record<string, Pool>;
  readonly tasks: Record<string, Task>;
  readonly users: Record<string, User>;
  /** Roles besides the built-in ones. */
  readonly roles: Record<string, readonly string[]>;
  acl: readonly AclEntry[];
  readonly ha: { readonly resources: Record<string, HaResource>; readonly rules: Record<string, HaRule> };
  readonly pciMappings: Record<string, PciMapping>;
  /** Missing in what an older stand-in has saved. */
  usbMappings?: Record<string, UsbMapping>;
}

export interface Host {
  /** Whether the cluster takes it for online. */
  online: boolean;
  /** Whether its web server does not answer; so it is with a host for the minutes until the cluster takes it for offline. */
  silent?: boolean;
  /** By name. @default - vmbr0 and vmbr1, for all VLANs */
  bridges?: Readonly<Record<string, Bridge>>;
}

export interface Bridge {
  /** The VLANs that it lets through, as `2-4094`. @default - it does not look at VLANs */
  readonly vids?: string;
  /** @default true */
  readonly active?: boolean;
}

export type ContentType = "images" | "rootdir" | "iso" | "vztmpl" | "backup" | "snippets" | "import";

export interface Storage {
  readonly type: "dir" | "nfs" | "cephfs" | "lvmthin" | "zfspool" | "rbd";
  content: readonly ContentType[];
  /** Whether all hosts share one storage, or each has its own with the same name. */
  readonly shared: boolean;
  /** The mount point of a file storage; a block storage has none. */
  readonly path?: string;
  /** The hosts that have it. @default - all */
  readonly nodes?: readonly string[];
  readonly totalBytes: number;
}

export interface Volume {
  /** `local-lvm:vm-201-disk-0`, `nfs:import/talos.qcow2` */
  readonly id: string;
  /** The host, for a volume on a storage that is not shared. */
  readonly node?: string;
  readonly content: ContentType;
  readonly format: string;
  sizeBytes: number;
  /** The unpacked size of a disk image that can be imported. */
  readonly virtualBytes?: number;
  /** Whether an operating system is on it. */
  readonly bootable?: boolean;
  /** The guest that owns it. */
  readonly vmid?: number;
  /** Seconds since 1970. */
  readonly created: number;
}

export type ConfigValue = string | number;

/** A guest's configuration file: `scsi0`, `net0`, `cores` … */
export type GuestConfig = Record<string, ConfigValue>;

export interface Guest {
  readonly vmid: number;
  readonly type: "qemu" | "lxc";
  node: string;
  status: "running" | "stopped";
  config: GuestConfig;
  /** Changes that wait for the next start; null deletes an option. */
  pending: Record<string, ConfigValue | null>;
  pool?: string;
  /** When a running guest was started, in seconds since 1970. */
  started?: number;
  pid?: number;
  /** The addresses that the guest agent reports instead of those in the configuration. */
  agentAddresses?: readonly string[];
  /** Whether it has started from an image, so that there is an operating system in it. */
  installed?: boolean;
  /** Whether the guest agent does not answer. */
  agentSilent?: boolean;
  /** Its file in `/etc/pve/firewall`. */
  firewall?: GuestFirewall;
}

export interface GuestFirewall {
  options: Readonly<Record<string, string | number>>;
  /** In the order in which they are applied. */
  rules: readonly FirewallRule[];
}

/** `type`, `action`, `enable`, `source` … */
export type FirewallRule = Readonly<Record<string, string | number>>;

export interface Pool {
  comment?: string;
  /** Ids of VMs that do not exist. A VM that is made with such an id is in the pool. */
  awaited?: readonly number[];
  storages: readonly string[];
}

export interface Task {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  /** Seconds since 1970. */
  readonly starttime: number;
  endtime?: number;
  status: "running" | "stopped";
  exitstatus?: string;
  log: readonly string[];
}

export interface User {
  comment?: string;
  email?: string;
  firstname?: string;
  lastname?: string;
  keys?: string;
  enable: boolean;
  /** Seconds since 1970; 0 is never. */
  expire: number;
  readonly tokens: Record<string, ApiToken>;
}

export interface ApiToken {
  secret: string;
  /** With privilege separation, a token has its own privileges, limited to those of its user. */
  privsep: boolean;
  expire: number;
  comment?: string;
}

export interface AclEntry {
  readonly path: string;
  readonly roleid: string;
  readonly type: "user" | "token";
  readonly ugid: string;
  readonly propagate: boolean;
}

export interface HaResource {
  state: string;
  comment?: string;
  failback?: boolean;
  max_restart?: number;
  max_relocate?: number;
  /** When it was added, in milliseconds since 1970. */
  readonly addedAt?: number;
}

export interface HaRule {
  readonly type: "node-affinity" | "resource-affinity";
  readonly order: number;
  resources: readonly string[];
  /** Priorities by host. */
  nodes?: Readonly<Record<string, number>>;
  strict?: boolean;
  affinity?: string;
  comment?: string;
  disable?: boolean;
}

export interface PciMapping {
  description?: string;
  mdev?: boolean;
  "live-migration-capable"?: boolean;
  map: readonly string[];
}

export interface UsbMapping {
  description?: string;
  map: readonly string[];
}

export const volumeKey = (id: string, node?: string): string => `${node ?? "*"}/${id}`;

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);
