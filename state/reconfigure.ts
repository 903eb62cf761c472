import { rmSync } from "node:fs";
import { join } from "node:path";
import { movableStacks, type StackName } from "../config/state-location";
import { LockedError, StateError } from "./errors";
import { isFrozen } from "./locks";
import { type Project, stackFolder } from "./project";
import { findStores, type StackStore } from "./stack-store";

/**
 * On another machine, after a migration: lets the next plan use the configured backend.
 * @returns the states that it will read
 * @throws StateError if there is none, or one is frozen: then cluster.yaml is an old one
 */
export async function reconfigure(project: Project): Promise<readonly StackStore[]> {
  const stores = await findStores(project, {});
  if (stores.length === 0) {
    throw new StateError(
      `${project.config.backend} has no state at all`,
      "a plan would create everything again: is cluster.yaml the newest one?",
    );
  }
  for (const { store } of stores) {
    const holder = await store.holder();
    if (holder && isFrozen(holder))
      throw new LockedError(store.address, holder, "get the newest cluster.yaml");
  }
  for (const stack of movableStacks) forgetBackend(project, stack);
  return stores;
}

/**
 * Makes the next `tofu init` of a stack use the configured backend without asking, as `init -reconfigure` does.
 * Installed providers stay.
 */
export function forgetBackend(project: Project, stack: StackName): void {
  rmSync(join(stackFolder(project, stack), ".terraform/terraform.tfstate"), { force: true });
}
