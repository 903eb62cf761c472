/** `metal` installs itself to a disk and requires `machine.install`; `nocloud` is an image that is already on its disk. */
export type Platform = "metal" | "nocloud";

/** What an image of Talos brings: one that a node boots from, or an installer. */
export interface TalosImage {
  /** `v1.13.0` */
  readonly version: string;
  /** The ID of the Image Factory's schematic. @default - made by nobody's factory */
  readonly schematic?: string;
}

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
  /** The Talos that runs. */
  image: TalosImage;
  /** The Talos on the disk that the next boot starts. @default - the one that runs */
  nextImage?: TalosImage;
  /** The other Talos on the disk, to which the node can be rolled back. */
  previousImage?: TalosImage;
  /** The next boot is the first one of an upgrade. */
  upgraded?: boolean;
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
  /** It has no vote yet. */
  readonly learner?: boolean;
}

export interface EtcdCluster {
  readonly members: readonly EtcdMember[];
  /** Tells a database from another one: a new cluster has a new one, a recovered cluster that of the snapshot. */
  readonly database: string;
}

/** Everything that outlives the process. */
export interface MachinesState {
  readonly platform: Platform;
  /** The Talos on the boot medium of all nodes. */
  readonly medium: TalosImage;
  readonly nodes: readonly NodeState[];
  /** By the fingerprint of the Talos CA of their cluster. */
  readonly etcd: Record<string, EtcdCluster>;
}
