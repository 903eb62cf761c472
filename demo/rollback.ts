import { step } from "../process/step";
import type { Version } from "../state/store";
import { withLock } from "../state/with-lock";
import type { Cluster } from "./cluster";

/**
 * Shows how to undo a mistake: marks a VM for replacement, and restores the version of the state from before.
 * @returns the versions of the state at the Worker before the restore, newest first
 * @throws where the plan after the restore is not empty
 */
export async function showRollback(cluster: Cluster): Promise<readonly Version[]> {
  const { store, tofu } = cluster;
  const [before] = await store.versions();
  if (!before) throw new Error(`${store.address} has no version`);
  await step("A mistake", async ({ follow, result }) => {
    const { values } = await tofu.show();
    const vm = values?.root_module?.resources?.find(
      ({ type, mode }) => mode === "managed" && type.endsWith("_vm"),
    );
    if (!vm) throw new Error("the cluster has no VM");
    await tofu.taint(follow, vm.address);
    result(`tofu taint ${vm.address}, so the next plan would replace the VM`);
  });
  const versions = await step("Versions", async ({ result }) => {
    const versions = await store.versions();
    result(`${versions.length}, the newest of serial ${versions[0]?.serial}`);
    return versions;
  });
  await step("Restore", async ({ result }) => {
    await withLock(store, "restore", (lock) => store.restore(before.id, lock));
    result(`the version of serial ${before.serial} is the state again`);
  });
  await cluster.expectEmptyPlan("Plan after it");
  return versions;
}
