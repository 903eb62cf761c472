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

const STACK = ["[stack]", "another stack than that of the cluster"] as const;

interface Help {
  readonly description: string;
  readonly exitCodes: string;
  /** @default another stack than that of the cluster */
  readonly argument?: readonly [name: string, text: string];
  readonly options?: readonly (readonly [flags: string, text: string])[];
}

const ALLOW = ["--allow <names>", "what may be lost, with commas between: nodes, or addresses"] as const;
const SUMMARY = ["--summary", "only the table by node"] as const;
const LOCK_TIMEOUT = ["--lock-timeout <time>", "how long to wait for the lock of the state: 5m"] as const;

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
    description: "show where what is there differs from cluster.yaml; no lock is held",
    options: [JSON_OPTION],
    exitCodes: "0 no drift, 1 an error, 2 drift",
  },
  deploy: {
    description: "make what cluster.yaml says: make a plan, show it, ask, and apply it",
    options: [
      ["--auto-approve", "do not ask; needed where there is no terminal. What is refused is not applied"],
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
    description: "destroy the VMs of the cluster and all that belongs to them, once its name is typed",
    options: [
      ["--yes <name>", "do not ask; the name of the cluster"],
      ["--reset", "before that, let the Talos nodes leave etcd, and wipe them"],
      SUMMARY,
      LOCK_TIMEOUT,
    ],
    exitCodes: "0 done, or nothing to destroy, 1 an error or not approved",
  },
};
