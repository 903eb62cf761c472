import type { Pattern } from "./pattern";

/** Where a state can be kept: in R2, at the tfstate Worker, or in a local file. */
export const STATE_BACKENDS = ["r2", "worker", "local"] as const;
/** One of {@link STATE_BACKENDS}. */
export type StateBackend = (typeof STATE_BACKENDS)[number];

/** The default name of the state bucket. */
export const DEFAULT_BUCKET = "tfstate";

/** The default name of the backup bucket. */
export function backupBucketOf(bucket: string): string {
  return `${bucket}-backup`;
}

/** The default key of the cluster's state. */
export const DEFAULT_STATE_KEY = "proxmox/terraform.tfstate";

/** Characters that S3 calls safe in the key of an object, without empty, `.` and `..` segments. */
export const STATE_KEY: Pattern = {
  regex: /^(?!\/)(?!.*\/\/)(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9!_.*'()/-]{1,1000}$/,
  advice: "is not the key of an object; write it like proxmox/terraform.tfstate",
};

/** The name of an encryption key in a state; a label in OpenTofu's configuration. */
export const KEY_ID: Pattern = {
  regex: /^[A-Za-z][A-Za-z0-9_-]*$/,
  advice: "is not the name of a key; use letters, digits, _ and -, a letter first",
};
export const DEFAULT_KEY_ID = "main";

/** A Terraform address: `type.name`, optionally with modules before it and an instance key after it. */
export const RESOURCE_ADDRESS: Pattern = {
  regex:
    /^(module\.[A-Za-z_][\w-]*(\[(\d+|"[^"\\$%]+")\])?\.)*[A-Za-z]\w*\.[A-Za-z_][\w-]*(\[(\d+|"[^"\\$%]+")\])?$/,
  advice: "is not the address of a resource; write it like proxmox_virtual_environment_vm.talos_node",
};
