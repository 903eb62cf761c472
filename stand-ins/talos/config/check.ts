/**
 * Judges a configuration as a node with this version of Talos would.
 * @returns undefined where it cannot tell
 */
export type ConfigCheck = (
  config: string,
  node: {
    /** `metal` is about to install itself to a disk. */
    readonly mode: "metal" | "cloud";
    /** `v1.13.0` */
    readonly talosVersion: string;
  },
) => Promise<
  | {
      /** Why a node would refuse it, in its words; empty if it would not. */
      readonly refusal: string;
      readonly warnings: readonly string[];
    }
  | undefined
>;
