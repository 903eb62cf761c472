/** A command of this program: `npm run NAME` in this repository, `cdktf-proxmox-talos NAME` where it is a package. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, for the list of all commands and for completion. */
  readonly summary: string;
  /** Its file in this folder, without extension. @default the name */
  readonly file?: string;
  /** What the file gets before the user's own arguments. */
  readonly args?: readonly string[];
}

/** All commands, in the order of a cluster's life. A new one is a line here and a script in package.json. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "init", summary: "write the files of a new project" },
  { name: "bootstrap", summary: "make the R2 buckets, the tfstate Worker and their token" },
  { name: "synth", summary: "write the stacks for OpenTofu", file: "cdktf", args: ["synth"] },
  { name: "plan", summary: "show what a deploy would change", file: "cdktf", args: ["plan"] },
  { name: "deploy", summary: "make what cluster.yaml says", file: "cdktf", args: ["deploy"] },
  { name: "apply", summary: "apply a plan that was kept", file: "cdktf", args: ["apply"] },
  { name: "drift", summary: "show what differs from cluster.yaml", file: "cdktf", args: ["drift"] },
  { name: "destroy", summary: "destroy the cluster", file: "cdktf", args: ["destroy"] },
  { name: "doctor", summary: "check whether everything is there that a deploy needs" },
  { name: "config", summary: "show the cluster with all defaults, or as an inventory for Ansible" },
  { name: "topology", summary: "draw the cluster" },
  { name: "pending", summary: "list what waits for the next start of a VM" },
  { name: "secrets", summary: "make, edit and check the encrypted file of secrets" },
  { name: "tofu", summary: "run OpenTofu in the folder of a stack" },
  { name: "adopt-talos", summary: "take over the secrets of a Talos cluster that runs" },
  { name: "kubeconfig", summary: "write the credentials for Kubernetes" },
  { name: "talosconfig", summary: "write the credentials for talosctl" },
  { name: "health", summary: "tell whether the running cluster is as it should be" },
  { name: "diff", summary: "show what a deploy would change in the machine configs" },
  { name: "certificates", summary: "show how long certificates are valid; renew those of clients" },
  { name: "etcd", summary: "show how etcd is, take a snapshot of it, restore one" },
  { name: "reboot", summary: "restart nodes one by one" },
  { name: "apply-config", summary: "give one node its config" },
  { name: "remove-node", summary: "take a node out of the cluster for good" },
  { name: "replace-node", summary: "give a node a new VM" },
  { name: "upgrade", summary: "bring Talos on the running nodes to the release of cluster.yaml" },
  { name: "upgrade-kubernetes", summary: "bring Kubernetes to a release" },
  { name: "state", summary: "read, write and move states" },
  { name: "worker", summary: "serve the tfstate Worker on this machine" },
  { name: "worker:admin", summary: "operate a tfstate Worker", file: "worker-admin" },
  { name: "github", summary: "tell GitHub what a workflow has found" },
  { name: "toolchain", summary: "set up a shell for tofu, cdktf and talosctl" },
];
