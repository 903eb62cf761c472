/** What the guard stops a plan for. */
export type GuardRule = "vm" | "disk" | "quorum" | "state" | "secrets" | "network";

/** Something that a plan would lose, and that nobody has allowed. */
export interface Finding {
  readonly rule: GuardRule;
  /** The resource that the plan changes. */
  readonly address: string;
  /** What allows it: `--allow <name>`. */
  readonly allow: string;
  /** What would be lost, why, and the way on. */
  readonly message: string;
}

/** The resource that gives a node its config. */
export const CONFIG_TYPE = "talos_machine_configuration_apply";
