import { z } from "zod";
import type { TalosNode } from "../node";
import type { Talosctl } from "../talosctl";

/** The machine config of a node, as it is on it. Secrets are in it. */
export interface RunningConfig {
  /** The one that is in effect, as YAML; undefined in maintenance mode. */
  readonly active?: string;
  /** The one on the disk, which is in effect after the next boot. */
  readonly persistent?: string;
}

// talosctl prints the text of a config in place of its content.
const text = z.union([
  z.string(),
  z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value)),
]);

/** @throws CallError */
export async function readMachineConfig(talosctl: Talosctl, node: TalosNode): Promise<RunningConfig> {
  const found = await talosctl.resources(node, { type: "machineconfig" }, text);
  const byId = new Map(found.map(({ id, spec }) => [id, spec]));
  return { active: byId.get("v1alpha1"), persistent: byId.get("persistent") };
}
