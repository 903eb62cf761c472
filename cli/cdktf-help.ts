import { Command } from "commander";
import { CLUSTER_OPTION } from "./choose-cluster";
import { JSON_OPTION } from "./json-option";

/** What `synth`, `plan`, `drift`, `deploy` and `destroy` take, for their help and their completion. cdktf gets all the rest. */
export function cdktfHelp(name: string, cdktfCommand: string): Command {
  const { description, exitCodes, options = [] } = HELP[name] ?? SYNTH;
  const command = new Command().description(description).option(...CLUSTER_OPTION);
  if (name !== "synth") command.argument("[stack]", "another stack than that of the cluster");
  for (const [flags, text] of options) command.option(flags, text);
  return command.addHelpText(
    "after",
    `\nother options go to cdktf: npx cdktf ${cdktfCommand} --help\nexit codes: ${exitCodes}`,
  );
}

interface Help {
  readonly description: string;
  readonly exitCodes: string;
  readonly options?: readonly (readonly [flags: string, text: string])[];
}

const APPROVE = ["--auto-approve", "do not ask; needed where there is no terminal"] as const;
const ALLOW = ["--allow <names>", "what may be lost, with commas between: nodes, or addresses"] as const;

const SYNTH: Help = {
  description: "write the stacks to cdktf.out/, for OpenTofu",
  exitCodes: "0 written, 1 an error",
};
const HELP: Readonly<Record<string, Help>> = {
  synth: SYNTH,
  plan: {
    description: "show what a deploy would change, node by node, and refuse what would be lost",
    options: [["--summary", "only the table by node"], JSON_OPTION, ALLOW],
    exitCodes: "0 nothing would be lost, 1 an error, 3 refused: something would be lost",
  },
  drift: {
    description: "show where what is there differs from cluster.yaml; no lock is held",
    options: [JSON_OPTION],
    exitCodes: "0 no drift, 1 an error, 2 drift",
  },
  deploy: {
    description: "make what cluster.yaml says",
    options: [APPROVE],
    exitCodes: "0 done, 1 an error; otherwise that of cdktf",
  },
  destroy: {
    description: "destroy the VMs of the cluster and all that belongs to them",
    options: [APPROVE],
    exitCodes: "0 done, 1 an error; otherwise that of cdktf",
  },
};
