import type { TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { AntiAffinity } from "../../constructs/anti-affinity";
import { HaResource } from "../../constructs/ha-resource";
import { StateBucket } from "../../constructs/state-bucket";
import { StateToken } from "../../constructs/state-token";
import { TalosImage } from "../../constructs/talos-image";
import { TalosVm } from "../../constructs/talos-vm";
import { TfstateWorker } from "../../constructs/tfstate-worker";
import { ACCOUNT, workerModule } from "../support/cloudflare";
import { stackOf } from "../support/synth";

const image = (stack: TerraformStack) =>
  new TalosImage(stack, "image", { host: "pve1", storage: "local", talosVersion: "v1.13.0" });
const vm = (stack: TerraformStack) =>
  new TalosVm(stack, "cp-1", {
    vmId: 100,
    host: "pve1",
    image: image(stack),
    disks: [{ storage: "local-lvm", sizeGiB: 10 }],
    networkInterfaces: [{}],
  });
const bucket = (stack: TerraformStack) =>
  new StateBucket(stack, "state", { accountId: ACCOUNT, bucketName: "tfstate" });

/** Each construct that has a main resource, and the address of that. */
const constructs: Record<string, (stack: TerraformStack) => Construct & { resource: TerraformResource }> = {
  "proxmox_download_file.image": image,
  "proxmox_virtual_environment_vm.cp-1": vm,
  "proxmox_haresource.cp-1": (stack) => new HaResource(stack, "ha", { vm: vm(stack) }),
  "proxmox_harule.spread": (stack) => new AntiAffinity(stack, "spread", { vms: [vm(stack)] }),
  "cloudflare_r2_bucket.state": bucket,
  "cloudflare_account_token.s3": (stack) => new StateToken(stack, "s3", { bucket: bucket(stack) }),
  "cloudflare_workers_script.tfstate": (stack) =>
    new TfstateWorker(stack, "tfstate", { module: workerModule, bucket: bucket(stack) }),
};

test.each(Object.entries(constructs))("%s is the default child of its construct", (address, build) => {
  stackOf((stack) => {
    const { node, resource } = build(stack);
    expect(node.defaultChild?.node.path).toBe(resource.node.path);
    expect(`${resource.terraformResourceType}.${resource.friendlyUniqueId}`).toBe(address);
  });
});
