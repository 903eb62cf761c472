/** What a running cluster says, for the picture. Whoever has asked it passes it in. */
export interface LiveTopology {
  /** When it was asked. */
  readonly readAt: Date;
  /** By the names of the nodes. */
  readonly nodes: ReadonlyMap<string, LiveNode>;
  /** What concerns no single node, and what could not be read at all. */
  readonly remarks: readonly string[];
}

/** How a node is, in the words of the picture. `not asked` is a node of a cluster that nothing was asked of. */
export type Health = "healthy" | "warning" | "not healthy" | "no answer" | "not asked";

export interface LiveNode {
  readonly health: Health;
  /** Whether a config of Talos or a change in Proxmox waits for its next start. */
  readonly isRestartPending: boolean;
  /** What is not as it should be, and what waits. */
  readonly remarks: readonly string[];
}

export const NOT_ASKED: LiveNode = { health: "not asked", isRestartPending: false, remarks: [] };
