import { confirm } from "../process/confirm";
import { diff, type StackCommand } from "./make-plan";
import { SavedPlan } from "./review-plan";

/** The user said no. */
const NOT_APPROVED = 1;

/**
 * `npm run deploy`: makes a plan, judges it, asks, and applies that plan.
 * @returns the exit code
 */
export async function deploy(command: StackCommand): Promise<number> {
  const { args, options, env } = command;
  const saved = new SavedPlan(args);
  saved.remove();
  try {
    const planned = await diff(command, options.format !== undefined);
    if (planned !== 0) return planned;
    const { summary, code } = await saved.review(options, env);
    if (code !== 0) return code;
    const { state } = await saved.basisOfPlan("npm run deploy", env);
    // A plan without changes is applied too: that writes a state with its new key, or what a refresh has found.
    if (summary.hasChanges && !options.autoApprove && !(await confirm("Apply this plan?"))) {
      console.error("nothing was applied");
      return NOT_APPROVED;
    }
    return await saved.apply({ state, lockTimeout: options.lockTimeout, again: "npm run deploy" }, env);
  } finally {
    saved.remove();
  }
}
