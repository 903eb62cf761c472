import type { TalosNode } from "../node";
import type { Talosctl } from "../talosctl";

/** A service of Talos. */
export interface Service {
  readonly name: string;
  /** `Running`, `Finished`, `Waiting` … */
  readonly state: string;
  /** `OK` or `Fail`; `?` where it has no check, or was not checked yet. */
  readonly health: string;
}

/** @throws CallError */
export async function readServices(talosctl: Talosctl, node: TalosNode): Promise<readonly Service[]> {
  const rows = await talosctl.table(node, ["service"]);
  return rows.map(({ SERVICE: name = "", STATE: state = "", HEALTH: health = "" }) => ({
    name,
    state,
    health,
  }));
}

/** Whether a service is healthy. Some services end when they have done their work. */
export function isServiceHealthy({ state, health }: Service): boolean {
  return (state === "Running" || state === "Finished") && health !== "Fail";
}
