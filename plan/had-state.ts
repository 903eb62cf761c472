import { readPlanFile } from "./plan-file";

/**
 * Whether a plan is about a state with resources. One that was made when there was none has nothing but what it creates or imports.
 * @param json output of `tofu show -json PLAN`
 */
export function hadResources(json: string): boolean {
  const { resource_changes, resource_drift } = readPlanFile(json, "the plan");
  const known = resource_changes.filter(
    ({ mode, change }) => mode === "managed" && change.before != null && change.importing == null,
  );
  return known.length > 0 || resource_drift.length > 0;
}
