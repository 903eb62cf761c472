/** `metal` installs itself to a disk and requires `machine.install`; `nocloud` is an image that is already on its disk. */
export type Platform = "metal" | "nocloud";

/** What is saved of a node. */
export interface NodeState {
  readonly name: string;
  /** Where it listens. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Its address in the metadata of a request and in etcd. */
  readonly address: string;
  poweredOn: boolean;
  bootId: string;
  /** Whether Talos is on its disk; otherwise it runs from its boot medium. */
  installed: boolean;
  /** The Talos version that runs: `v1.13.0`. */
  version: string;
  /** The Talos version that runs after the next boot. */
  installedVersion?: string;
  /** The Talos version before the last upgrade, to which it can be rolled back. */
  previousVersion?: string;
  /** The machine configuration that is active. */
  config?: string;
  /** The machine configuration that is active after the next boot. */
  persistedConfig?: string;
  /** Its member ID, while it has an etcd data directory. */
  etcdMember?: string;
  /** The VM that it is, if it is one of the stand-in Proxmox. */
  machine?: string;
  /** It has left etcd, and joins again only after a boot. */
  etcdLeft?: boolean;
}

export interface EtcdMember {
  /** A 64-bit number. */
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
}

/** Everything that outlives the process. */
export interface MachinesState {
  readonly platform: Platform;
  /** The Talos version on the boot medium of all nodes. */
  readonly mediumVersion: string;
  readonly nodes: readonly NodeState[];
  /** The members of etcd, by the fingerprint of the Talos CA of their cluster. */
  readonly etcd: Record<string, readonly EtcdMember[]>;
}
