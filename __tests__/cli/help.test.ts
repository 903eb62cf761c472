import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { COMMANDS, type CommandEntry } from "../../cli/commands";

/* All commands have the same words, whoever wrote them. */

const ROOT = join(__dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** Scripts for who works on this program. */
const OURS = ["config:schema"];

test("the table of commands and the npm scripts are the same", () => {
  const prefix = "exec node --require ./fast-ts.cjs cli/";
  const fromTable = COMMANDS.map(({ name, file = name, args = [] }) => [
    name,
    `${prefix}${[`${file}.ts`, ...args].join(" ")}`,
  ]);
  const written = Object.entries(scripts).filter(
    ([name, script]) => script.startsWith(prefix) && !OURS.includes(name),
  );
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(fromTable));
});

/** The help of a command and of each subcommand, without line breaks that depend on the terminal. */
function helps({ name, file = name, args = [] }: CommandEntry): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  // One file has several commands, and is loaded anew for each of them.
  const inFile = file === name ? (work: () => void) => work() : jest.isolateModules;
  inFile(() => {
    const { describeProgram } = require("../../cli/run") as typeof import("../../cli/run");
    const add = (command: Command, path: string) => {
      let text = "";
      command
        .configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => 400 })
        .outputHelp();
      texts.set(path, text);
      for (const each of command.commands) add(each, `${path} ${each.name()}`);
    };
    add(describeProgram(file, args), name);
  });
  return texts;
}

const helpOf = new Map(COMMANDS.map((entry) => [entry.name, helps(entry)]));

describe.each([...helpOf])("%s --help", (name, all) => {
  test("names the command as it is called", () => {
    for (const [path, text] of all)
      expect(text).toContain(`Usage: npm run ${path.replace(name, `${name} --`)}`);
  });

  test("says in the imperative, and in lower case, what it does", () => {
    for (const text of all.values()) {
      const [, description = ""] = /^Usage: .*\n\n(.*)/.exec(text) ?? [];
      expect(description).toMatch(/^[a-z]+[ ,]/);
      expect(description).not.toMatch(/^(the|a|an|who|which|what|older|commands|secrets)\b/);
      expect(description).not.toMatch(/^[a-z]+s (the|whether|Talos|Kubernetes|all|each|what)\b/);
    }
  });

  test("lists the exit codes", () => {
    for (const text of all.values()) expect(text).toMatch(/^exit codes: 0 [a-z].*\b1\b/m);
  });

  test("has the same words for the same options", () => {
    for (const text of all.values()) {
      for (const [flag, words] of Object.entries(WORDS)) {
        if (new RegExp(`^ +(-\\w, )?${flag}\\b`, "m").test(text)) expect(text).toMatch(words);
      }
    }
  });
});

/** How an option reads wherever it is there. */
const WORDS: Readonly<Record<string, RegExp>> = {
  "--cluster": /--cluster <name> +which of the clusters in clusters\/$/m,
  "--json": /--json +print one JSON document/,
  "--out": /--out <(file|dir)> +/,
  "--yes": /--yes +/,
  "--help": /-h, --help +display help for command/,
};

test("what is about a cluster can be told which one", () => {
  const without = ["init", "bootstrap", "worker", "worker:admin", "toolchain", "github"];
  for (const [name, all] of helpOf) {
    if (!without.includes(name)) expect([...all.values()].join()).toContain("--cluster <name>");
  }
});
