import { vmAddress } from "../domain/virtual-machine";
import { step } from "../process/step";
import type { Version } from "../state/store";
import { withLock } from "../state/with-lock";
import type { AppliedVm } from "./applied-vms";
import type { Cluster } from "./cluster";

export interface Rollback {
  /** The versions of the state at the Worker before the restore, newest first. */
  readonly versions: readonly Version[];
  /** What there is in the end. */
  readonly vms: readonly AppliedVm[];
}

/**
 * Shows how to undo a mistake: marks a VM for replacement, and restores the version of the state from before.
 * @throws where the plan after the restore is not empty
 */
export async function showRollback(cluster: Cluster): Promise<Rollback> {
  const { store, tofu } = cluster;
  const [before] = await store.versions();
  if (!before) throw new Error(`${store.address} has no version`);
  const vms = await step("A mistake", async ({ follow, result }) => {
    const { vms } = await cluster.deployed();
    const [vm] = vms;
    if (!vm) throw new Error("the cluster has no VM");
    const address = vmAddress(vm.name);
    await tofu.taint(follow, address);
    result(`tofu taint ${address}, so the next plan would replace the VM`);
    return vms;
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
  await cluster.expectEmptyPlan("Last plan");
  return { versions, vms };
}
