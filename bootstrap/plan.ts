import { step } from "../process/step";
import type { Stack } from "./stack";
import type { Workplace } from "./workplace";

/**
 * Plans with the state in the workplace, and leaves the plan there.
 * @returns the plan for someone to read; empty where there is nothing to do
 */
export function plan(stack: Stack, workplace: Workplace, ...args: readonly string[]): Promise<string> {
  return step("Plan", async ({ follow, result }) => {
    await stack.initHere(follow);
    const hasChanges = await stack.tofu.plan(follow, `-out=${workplace.planFile}`, ...args);
    const text = hasChanges ? await stack.tofu.showPlan(workplace.planFile) : "";
    const counts = /^Plan: (.*)$/m.exec(text)?.[1];
    result(counts ?? (hasChanges ? "only outputs change" : "nothing to do"));
    return text;
  });
}
