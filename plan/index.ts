import { changesOf } from "./changes";
import { judge } from "./guard";
import { readPlanFile } from "./plan-file";
import { type PlanSummary, summarize } from "./summary";

export type { Action } from "./changes";
export { type Difference, differencesOf, driftText } from "./drift";
export type { Finding, GuardRule } from "./finding";
export { hadResources } from "./had-state";
export type { ChangeGroup, PlanSummary, ShownAttribute, ShownChange } from "./summary";
export { textOf } from "./text";

/**
 * Judges and summarizes a plan.
 * @param json output of `tofu show -json PLAN`
 * @param allow what may be lost: names of nodes, `NODE/DISK`, `quorum`, or addresses
 * @param name what the plan is called in an error
 * @throws where it is no plan, or a name of `allow` is of nothing that the plan would lose
 */
export function reviewPlan(json: string, allow: readonly string[] = [], name = "the plan"): PlanSummary {
  const plan = readPlanFile(json, name);
  const changes = changesOf(plan);
  return summarize(plan, changes, judge(plan, changes, allow));
}
