import { requireKnownOption } from "./cdktf-options";

/** The commands that make or apply a plan. */
export type PlanCommand = "plan" | "drift" | "deploy" | "destroy" | "apply";

/** What these commands take besides the arguments of `cdktf diff`. */
export interface PlanOptions {
  /** What the plan may lose. */
  readonly allow: readonly string[];
  /** Undefined if none was chosen. */
  readonly format?: "summary" | "json";
  /** The file that the plan is kept in. */
  readonly out?: string;
  readonly autoApprove: boolean;
  /** The name that approves a destroy. */
  readonly yes?: string;
  /** Wipes the Talos nodes before their VMs are destroyed. */
  readonly reset: boolean;
  /** How long to wait for the lock of the state, as OpenTofu has it: `5m`. */
  readonly lockTimeout?: string;
  /** The arguments of cdktf. */
  readonly rest: readonly string[];
}

type Option =
  | "--reset"
  | "--allow"
  | "--summary"
  | "--json"
  | "--out"
  | "--auto-approve"
  | "--yes"
  | "--lock-timeout";

const TAKEN: Readonly<Record<PlanCommand, readonly Option[]>> = {
  plan: ["--allow", "--summary", "--json", "--out", "--lock-timeout"],
  drift: ["--json"],
  deploy: ["--allow", "--summary", "--auto-approve", "--lock-timeout"],
  destroy: ["--summary", "--yes", "--lock-timeout", "--reset"],
  apply: ["--allow", "--lock-timeout"],
};

/** What a value is missing for, by option. */
const MISSING: Partial<Readonly<Record<Option, string>>> = {
  "--allow": "--allow has no name; name what the plan may lose, as the refusal says: --allow cp-1",
  "--out": "--out has no file; write it like --out plan.bin",
  "--yes": "--yes has no name; name what is to be destroyed: --yes home",
  "--lock-timeout": "--lock-timeout has no time; write it like --lock-timeout 5m",
};

/** What people pass although it is said in another way, and that way. */
const INSTEAD: Partial<Readonly<Record<PlanCommand, Readonly<Record<string, string>>>>> = {
  plan: { "--auto-approve": "a plan changes nothing, so there is nothing to approve; leave it out" },
  drift: {
    "--allow": "drift loses nothing, so there is nothing to allow; leave it out",
    "--lock-timeout": "drift takes no lock, so it never waits for one; leave it out",
    "--summary": "a report of drift is a summary already; leave it out",
    "--out": "drift keeps no plan; use npm run plan -- --out FILE",
  },
  deploy: {
    "--json": "use npm run plan -- --json before it",
    "--out": "use npm run plan -- --out FILE, then npm run apply -- FILE",
    "--outputs-file": "read the outputs with tofu output -json in the folder of the stack",
    "--ignore-missing-stack-dependencies": "a deploy is for one stack; leave it out",
    "--parallelism": "a deploy is for one stack; use --terraform-parallelism",
  },
  destroy: {
    "--auto-approve": "name what is to be destroyed with --yes NAME",
    "--allow": "a destroy loses everything; name the cluster with --yes NAME",
  },
  apply: {
    "--auto-approve": "the plan is applied as it was reviewed, without a question; leave it out",
    "--out": "the plan is in a file already; leave it out",
  },
};

/** @throws if an option has no value or is none of this command */
export function planOptions(command: PlanCommand, given: readonly string[]): PlanOptions {
  const allow: string[] = [];
  const rest: string[] = [];
  const values: Partial<Record<Option, string>> = {};
  for (let index = 0; index < given.length; index++) {
    const argument = given[index] ?? "";
    const [, word = argument, joined] = /^(--[a-z-]+)=(.*)$/i.exec(argument) ?? [];
    const name = word.replace(/^--autoApprove$/, "--auto-approve");
    const instead = INSTEAD[command]?.[name];
    if (instead !== undefined) throw new Error(`${command} takes no ${name}: ${instead}`);
    const option = TAKEN[command].find((each) => each === name);
    const missing = option && MISSING[option];
    if (option === undefined) {
      const own = ["--cluster", ...TAKEN[command]];
      requireKnownOption(word, { command, own, cdktf: command === "apply" ? "synth" : "diff" });
      rest.push(argument);
    } else if (missing === undefined && joined !== undefined)
      throw new Error(`${argument}: ${name} takes no value; pass ${name} alone, or leave it out`);
    else if (missing === undefined) values[option] = "";
    else {
      const value = joined ?? given[++index] ?? "";
      const names = option === "--allow" ? value.split(",").filter(Boolean) : [value];
      if (!names[0] || names[0].startsWith("-")) throw new Error(missing);
      if (option === "--allow") allow.push(...names);
      else values[option] = value;
    }
  }
  const lockTimeout = values["--lock-timeout"];
  if (lockTimeout !== undefined && !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(lockTimeout))
    throw new Error(`--lock-timeout ${lockTimeout} is no time with a unit; write it like --lock-timeout 5m`);
  const format = "--json" in values ? "json" : "--summary" in values ? "summary" : undefined;
  return {
    allow,
    ...(format && { format }),
    out: values["--out"],
    autoApprove: "--auto-approve" in values,
    yes: values["--yes"],
    reset: "--reset" in values,
    lockTimeout,
    rest,
  };
}
