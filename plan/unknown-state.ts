import { z } from "zod";
import { VM_RESOURCE_TYPE } from "../domain/virtual-machine";
import type { PlannedChange } from "./changes";
import type { PlanFile } from "./plan-file";

/** Where each plan reads the VMs that Proxmox has. */
const EXISTING_VMS = `data.${VM_RESOURCE_TYPE}s.existing`;

const guests = z.object({ vms: z.array(z.object({ vm_id: z.number(), name: z.string().default("") })) });

/** The VMs that a plan would make although they are there, because it is about an empty state; none where the state has anything. */
export function vmsOfAnotherState(
  { prior_state }: PlanFile,
  changes: readonly PlannedChange[],
): readonly PlannedChange[] {
  const resources = prior_state?.values?.root_module?.resources ?? [];
  if (resources.some(({ mode }) => mode === "managed")) return [];
  const found = guests.safeParse(resources.find(({ address }) => address === EXISTING_VMS)?.values);
  const ids = new Set(found.success ? found.data.vms.map(({ vm_id }) => vm_id) : []);
  return changes.filter(
    ({ type, action, after }) =>
      type === VM_RESOURCE_TYPE && action === "create" && ids.has(Number(after.vm_id)),
  );
}
