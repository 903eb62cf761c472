import { Command } from "commander";
import { CLUSTER_OPTION } from "./choose-cluster";
import { JSON_OPTION } from "./json-option";

/** What `synth`, `plan`, `drift`, `deploy` and `destroy` take, for their help and their completion. cdktf gets all the rest. */
export function cdktfHelp(name: string, cdktfCommand: string): Command {
  const { description, exitCodes, argument = STACK, options = [] } = HELP[name] ?? SYNTH;
  const command = new Command().description(description).option(...CLUSTER_OPTION);
  if (name !== "synth") command.argument(...argument);
  for (const [flags, text] of options) command.option(flags, text);
  return command.addHelpText(
    "after",
    `\nother options go to cdktf: npx cdktf ${cdktfCommand} --help\nexit codes: ${exitCodes}`,
  );
}

const STACK = ["[stack]", "a stack other than the cluster's"] as const;

interface Help {
  readonly description: string;
  readonly exitCodes: string;
  /** @default another stack than that of the cluster */
  readonly argument?: readonly [name: string, text: string];
  readonly options?: readonly (readonly [flags: string, text: string])[];
}

const ALLOW = [
  "--allow <names>",
  "what may be lost, comma-separated: node names or resource addresses",
] as const;
const SUMMARY = ["--summary", "only the changes by node, without OpenTofu's own plan"] as const;
const LOCK_TIMEOUT = [
  "--lock-timeout <time>",
  "how long to wait for the lock of the state, such as 5m",
] as const;

const SYNTH: Help = {
  description: "write the stacks to cdktf.out/, for OpenTofu",
  exitCodes: "0 written, 1 an error",
};
const HELP: Readonly<Record<string, Help>> = {
  synth: SYNTH,
  plan: {
    description: "show what a deploy would change, node by node, and refuse what would be lost",
    options: [
      SUMMARY,
      JSON_OPTION,
      ALLOW,
      ["--out <file>", "keep the plan, encrypted, for the command apply"],
      LOCK_TIMEOUT,
    ],
    exitCodes: "0 nothing would be lost, 1 an error, 3 refused: something would be lost",
  },
  drift: {
    description: "compare what exists in Proxmox with cluster.yaml; takes no lock",
    options: [JSON_OPTION],
    exitCodes: "0 no drift, 1 an error, 2 drift",
  },
  deploy: {
    description: "create and change what cluster.yaml describes: make a plan, show it, ask, and apply it",
    options: [
      ["--auto-approve", "do not ask; required without a terminal. a plan that is refused is not applied"],
      SUMMARY,
      ALLOW,
      LOCK_TIMEOUT,
    ],
    exitCodes: "0 done, 1 an error or not approved, 3 refused: something would be lost",
  },
  apply: {
    description: "apply exactly the plan that was kept with plan --out, unless something has changed since",
    argument: ["<file>", "the plan"],
    options: [ALLOW, LOCK_TIMEOUT],
    exitCodes: "0 done, 1 an error, 3 refused: something would be lost",
  },
  destroy: {
    description: "destroy the VMs of the cluster and all that belongs to them, after you have typed its name",
    options: [
      ["--yes <name>", "the name of the cluster, instead of typing it on the terminal"],
      ["--reset", "first let the Talos nodes leave etcd, and wipe them"],
      SUMMARY,
      LOCK_TIMEOUT,
    ],
    exitCodes: "0 done, or nothing to destroy, 1 an error or not approved",
  },
};
