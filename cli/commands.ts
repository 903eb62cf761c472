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
  { name: "bootstrap", summary: "create the R2 buckets, the tfstate Worker and their token" },
  { name: "synth", summary: "write the stacks for OpenTofu", file: "cdktf", args: ["synth"] },
  { name: "plan", summary: "show what a deploy would change", file: "cdktf", args: ["plan"] },
  {
    name: "deploy",
    summary: "create and change what cluster.yaml describes",
    file: "cdktf",
    args: ["deploy"],
  },
  { name: "apply", summary: "apply a plan that was kept", file: "cdktf", args: ["apply"] },
  { name: "drift", summary: "show what differs from cluster.yaml", file: "cdktf", args: ["drift"] },
  { name: "destroy", summary: "destroy the cluster", file: "cdktf", args: ["destroy"] },
  { name: "doctor", summary: "check everything that a deploy needs" },
  { name: "config", summary: "show the cluster with all defaults, or as an inventory for Ansible" },
  { name: "topology", summary: "draw the cluster" },
  { name: "pending", summary: "list what waits for the next start of a VM" },
  { name: "secrets", summary: "create, edit and check the encrypted file of secrets" },
  { name: "tofu", summary: "run OpenTofu in the folder of a stack" },
  { name: "adopt-talos", summary: "take over the secrets of a running Talos cluster" },
  { name: "kubeconfig", summary: "write the credentials for Kubernetes" },
  { name: "talosconfig", summary: "write the credentials for talosctl" },
  { name: "health", summary: "check the health of the running cluster" },
  { name: "diff", summary: "show what a deploy would change in the machine configs" },
  { name: "certificates", summary: "show how long certificates are valid; renew those of clients" },
  { name: "etcd", summary: "show the health of etcd, take a snapshot, restore one" },
  { name: "reboot", summary: "restart nodes one by one" },
  { name: "apply-config", summary: "give one node its config" },
  { name: "remove-node", summary: "take a node out of the cluster for good" },
  { name: "replace-node", summary: "replace the VM of a node" },
  { name: "upgrade", summary: "upgrade Talos on the running nodes to the release in cluster.yaml" },
  { name: "upgrade-kubernetes", summary: "upgrade Kubernetes" },
  { name: "state", summary: "read, write and move states" },
  { name: "worker", summary: "serve the tfstate Worker on this machine" },
  { name: "worker:admin", summary: "operate a tfstate Worker", file: "worker-admin" },
  { name: "github", summary: "report the results of a workflow to GitHub" },
  { name: "toolchain", summary: "set up a shell for tofu, cdktf and talosctl" },
];
