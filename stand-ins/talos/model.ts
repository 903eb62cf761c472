/** `metal` installs itself to a disk and asks for `machine.install`; `nocloud` is an image that is on its disk already. */
export type Platform = "metal" | "nocloud";

/** A node, as it is kept. */
export interface NodeState {
  readonly name: string;
  /** Where a client reaches it. */
  readonly listen: { readonly host: string; readonly port: number };
  /** What it is called by in the metadata of a request, and in etcd. */
  readonly address: string;
  poweredOn: boolean;
  bootId: string;
  /** On its disk; otherwise it runs from its boot medium. */
  installed: boolean;
  /** The Talos that runs, `v1.13.0`. */
  version: string;
  /** The Talos that runs after the next boot. */
  installedVersion?: string;
  /** What it runs with. */
  config?: string;
  /** What it runs with after the next boot. */
  persistedConfig?: string;
  /** Set while it has a data directory of etcd. */
  etcdMember?: string;
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
  /** What a node runs from its boot medium. */
  readonly mediumVersion: string;
  readonly nodes: readonly NodeState[];
  /** The members of etcd, by the fingerprint of the Talos CA of their cluster. */
  readonly etcd: Record<string, readonly EtcdMember[]>;
}
