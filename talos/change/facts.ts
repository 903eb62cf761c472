/** What a node says of itself. */
export interface NodeFacts {
  /** Why it does not answer; everything else is undefined then. */
  readonly error?: string;
  /** `running`, `maintenance`, `booting` … */
  readonly stage?: string;
  readonly isReady?: boolean;
  /** With its `v`. */
  readonly talosVersion?: string;
  /** Undefined for a node without one. */
  readonly schematicId?: string;
  /** Another one after each boot. */
  readonly bootId?: string;
}

export interface EtcdMember {
  /** In hexadecimal. */
  readonly id: string;
  readonly hostname: string;
  readonly isLearner: boolean;
}

/** etcd as one control plane sees it. */
export interface EtcdView {
  /** The node that was asked. */
  readonly node: string;
  /** Why it does not answer; everything else is empty then, but the leader where that is known. */
  readonly error?: string;
  readonly members: readonly EtcdMember[];
  /** ID of the member that runs on the node. */
  readonly ownId?: string;
  /** ID of the member that leads, as this one sees it. */
  readonly leader?: string;
  /** What its own member complains about. */
  readonly errors: readonly string[];
  /** `NOSPACE` and the like. */
  readonly alarms: readonly string[];
}

/** A Node of Kubernetes. */
export interface KubernetesNode {
  readonly name: string;
  readonly isReady: boolean;
  readonly isCordoned: boolean;
  /** Whether it was such a command as ours that has cordoned it. */
  readonly isOurs: boolean;
  /** With its `v`. */
  readonly kubeletVersion: string;
  /** Of the boot that its kubelet reports; the same as that of the node. */
  readonly bootId?: string;
}
