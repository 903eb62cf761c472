import { type Command, Help } from "commander";

/** How a command is used: its arguments, and what for. */
export type Example = readonly [args: string, purpose: string];

/** The examples in the help of each command, by its name and that of its subcommand. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  init: [
    ["--folder home", "answer five questions, and get a project in the folder home"],
    [
      "--yes --proxmox-url https://pve.example.com:8006 --hosts pve1,pve2 --network 10.20.0.0/24",
      "ask nothing",
    ],
  ],
  bootstrap: [
    ["", "create or update the state backend; it shows the plan and asks first"],
    ["--adopt worker/tfstate", "manage a Worker that was created by hand from now on"],
  ],
  "bootstrap env": [["--format dotenv", "print the variables for an .env file"]],
  plan: [
    ["--summary", "show the changes node by node, without OpenTofu's own plan"],
    ["--out plan.bin", "keep the plan for review; npm run apply -- plan.bin applies it later"],
    ["--allow worker-2,cp-1/scsi1", "accept that a VM and a disk would be lost"],
  ],
  deploy: [
    ["--summary --auto-approve", "in CI: do not ask, and leave OpenTofu's own plan out"],
    ["--allow worker-2", "go on although the VM of worker-2 would be lost"],
    ["proxmox-access", "deploy the stack with the API token for Proxmox"],
  ],
  apply: [["plan.bin", "apply a plan that was kept with npm run plan -- --out plan.bin"]],
  destroy: [["--reset --yes home", "wipe the nodes, then destroy the cluster home, without a question"]],
  doctor: [["proxmox privileges", "make two of the checks only"]],
  config: [
    ["show", "print the cluster with every default filled in"],
    ["show --json", "print the same for a program"],
  ],
  "config show": [["", "show each value, and the line of the file that it comes from"]],
  "config inventory": [["> inventory.json", "write the inventory to a file"]],
  topology: [["--live --out now.svg", "draw the state of the running nodes too"]],
  secrets: [
    ["init", "create secrets.sops.yaml from the variables of this shell"],
    ["edit", "change a secret"],
  ],
  "secrets init": [["--age age1… age1…", "create the file so that two people can read it"]],
  "secrets check": [["--no-key", "check the file on a machine that has no key, such as in CI"]],
  "secrets talos": [["--from-state", "move the secrets of a cluster out of its state into the file"]],
  tofu: [["output -json node_vm_ids", "print an output of the cluster's stack"]],
  "adopt-talos": [["secrets.yaml", "take over what talosctl gen secrets has written"]],
  kubeconfig: [
    ["--out kubeconfig", "write it to a file"],
    ["--merge --use", "add the cluster to ~/.kube/config, and make it the current one"],
  ],
  talosconfig: [["--merge --use", "add the cluster to ~/.talos/config, and make it the current one"]],
  health: [["--no-kubernetes", "check Talos alone, before Kubernetes runs"]],
  etcd: [
    ["status", "show whether etcd is healthy"],
    ["snapshot etcd.db", "take a snapshot"],
  ],
  "etcd snapshot": [
    ["etcd.db", "write the snapshot to a file"],
    ["--r2 backups/etcd --recipient age1…", "encrypt the snapshot and keep it in R2"],
  ],
  "etcd restore": [
    ["--dry-run etcd.db", "show what a restore would do"],
    ["--yes home etcd.db", "restore the cluster home from the snapshot, without a question"],
  ],
  reboot: [
    ["--dry-run", "show which nodes wait for a restart"],
    ["worker-1", "restart one node"],
  ],
  "apply-config": [["--reboot worker-1", "apply a change that needs a restart"]],
  "remove-node": [["--dry-run worker-3", "show what would be done"]],
  "replace-node": [
    ["--dry-run worker-3", "show what would be done"],
    ["--yes worker-3 worker-3", "replace the node without a question"],
  ],
  upgrade: [
    ["--dry-run", "show which nodes would be upgraded, and in which order"],
    ["--node worker-1", "upgrade one node first"],
  ],
  "upgrade-kubernetes": [["--dry-run v1.36.0", "show what would be done"]],
  state: [
    ["list", "show the states, and who holds their locks"],
    ["versions --stack cluster", "list the older versions of one state"],
    ["migrate --to worker", "move all states to the Worker"],
  ],
  "state pull": [["--stack cluster --out cluster.tfstate", "write one state to a file"]],
  "state push": [["--stack cluster cluster.tfstate", "replace a state by a file"]],
  "state restore": [
    ["--stack cluster ID", "make an older version current; npm run state -- versions lists the ids"],
    ["--from backups/state-backup-20260131T120000Z", "restore all states from a backup"],
  ],
  "state backup": [["backups", "write all states to a new folder in backups/"]],
  "state unlock": [["--stack cluster LOCK-ID", "remove a lock; npm run state -- list shows its id"]],
  "state migrate": [
    ["--to r2", "move all states to R2"],
    ["--abort", "undo a migration that was interrupted"],
  ],
  "state drop": [["--from local", "remove the files that a migration from local left behind"]],
  "state credentials": [["--ttl 30m --read-only", "print R2 credentials for a plan without a lock"]],
  worker: [["--port 8787 --persist .local/worker", "serve it, and keep the states in a folder"]],
  "worker:admin": [["verify-audit --url https://tfstate.example.com", "check the audit of all states"]],
};

/** The examples of a command, each as somebody would type it. @param path as in {@link EXAMPLES} @param called how it is called */
export const examplesOf = (path: string, called: string): readonly { line: string; purpose: string }[] =>
  (EXAMPLES[path] ?? []).map(([args, purpose]) => ({
    line: args === "" ? called.replace(/ --$/, "") : `${called} ${args}`,
    purpose,
  }));

/** The help of a command, with its examples behind the options. */
export const helpWithExamples =
  (path: string): Help["formatHelp"] =>
  (command: Command, helper: Help): string => {
    const called = command.parent ? `${command.parent.name()} ${command.name()}` : command.name();
    const help = Help.prototype.formatHelp.call(helper, command, helper);
    const lines = examplesOf(path, called).flatMap(({ line, purpose }) => [`  # ${purpose}`, `  ${line}`]);
    return lines.length === 0 ? help : [help, helper.styleTitle("Examples:"), ...lines, ""].join("\n");
  };
