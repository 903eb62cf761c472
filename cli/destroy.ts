import { staleReason } from "../plan/plan-record";
import { confirm } from "../process/confirm";
import { diff, type StackCommand } from "./make-plan";
import type { PlanOptions } from "./plan-options";
import { SavedPlan } from "./review-plan";
import { planOption } from "./tofu-options";

/** The user said no. */
const NOT_APPROVED = 1;

/** @throws if a destroy could not do what it says */
export function requireDestroyable({ rest }: PlanOptions, { HOSTS_DOWN }: NodeJS.ProcessEnv): void {
  if (rest[0] === "bootstrap") {
    throw new Error(
      "the state of the stack bootstrap is in the bucket that it would destroy; use npm run bootstrap -- destroy",
    );
  }
  if (HOSTS_DOWN) {
    // A destroy goes against the dependencies, so the option would leave nothing out.
    throw new Error(
      `HOSTS_DOWN=${HOSTS_DOWN} is set, and a destroy of everything needs all hosts; wait for them, or remove the other nodes from cluster.yaml and run npm run deploy`,
    );
  }
}

/**
 * `npm run destroy`: shows what would be destroyed, asks for the name of the cluster, keeps the state as a version and applies that plan. The
 * plan fails where a VM is protected, so nothing is touched then.
 * @returns the exit code
 */
export async function destroy({ args, options, env }: StackCommand): Promise<number> {
  const saved = new SavedPlan(args);
  // Loaded here alone: the other commands do without the configuration and the stores.
  const destroyed = require("./destroyed-stack") as typeof import("./destroyed-stack");
  const { keepState, requireTalosNodes, resetNodes, stateIdOf, destroyTarget } = destroyed;
  const { stack, name } = destroyTarget(saved.stack, env);
  if (options.yes !== undefined && options.yes !== name)
    throw new Error(`--yes ${options.yes} is not what would be destroyed; that is ${name}: --yes ${name}`);
  const resets = options.reset ? requireTalosNodes(stack, env) : undefined;
  saved.remove();
  try {
    // prevent_destroy would refuse. The user asks for it here, by name.
    const allowed = planOption({ ...env, ALLOW_REPLACE: "all", ALLOW_NEW_SECRETS: "all" }, "-destroy");
    const before = resets && (await stateIdOf(resets, env));
    const planned = await diff({ args, options, env: allowed }, options.format !== undefined);
    if (planned !== 0) return planned;
    if (!(await saved.showDestroy(allowed))) {
      console.error(`${name} has nothing to destroy`);
      return 0;
    }
    const basis = await saved.basis(allowed);
    const question = `All of this will be destroyed, including the disks of the VMs. To go on, type the name ${name}.`;
    if (options.yes === undefined && !(await confirm(question, { expected: name }))) {
      console.error("nothing was destroyed");
      return NOT_APPROVED;
    }
    // OpenTofu refuses a stale plan, but the nodes would be wiped by then.
    const reason =
      before === undefined ? undefined : staleReason({ ...basis, state: before }, await saved.basis(allowed));
    if (reason !== undefined) throw new Error(`nothing was destroyed: ${reason}`);
    const kept = stack && (await keepState(stack, env));
    if (resets) await resetNodes(env, console.error);
    const code = await saved.apply(
      { state: basis.state, lockTimeout: options.lockTimeout, again: "npm run destroy" },
      allowed,
    );
    if (code !== 0)
      console.error("what is left is still in the state; fix what it reports, and run npm run destroy again");
    if (kept) console.error(kept);
    return code;
  } finally {
    saved.remove();
  }
}
