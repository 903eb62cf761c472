import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { COMMANDS } from "../../cli/commands";
import { EXAMPLES } from "../../cli/examples";
import { nameCluster } from "../../cli/name-cluster";
import { ROOT } from "../support/running-program";

/* Whatever tells people to run a command names one that there is, with options that it takes: messages, comments and docs. */

/** A place that names a command. */
interface Said {
  readonly at: string;
  readonly command: string;
}

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter(
    (file) => /\.(ts|md|yaml|yml|template)$|^\.ci\//.test(file) && !/^(__tests__|CHANGELOG)/.test(file),
  );

/** `npm run NAME -- …`, up to what ends a command in a text. */
const COMMAND = /npm run (?:(?:-s|--if-present) )*([a-z][\w:-]*)((?: -- [^`"'\n]*)?)/g;
const said: readonly Said[] = files.flatMap((file) =>
  readFileSync(join(ROOT, file), "utf8")
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(COMMAND)].map(([, name = "", rest = ""]) => ({
        at: `${file}:${index + 1}`,
        command: `${name}${rest.replace(/^ --/, "")}`,
      })),
    ),
);

const programs = new Map(COMMANDS.map((entry) => [entry.name, programOf(entry)]));

function programOf({ name, file = name, args = [] }: (typeof COMMANDS)[number]): Command {
  let program: Command | undefined;
  // One file has several commands, and is loaded anew for each of them.
  const inFile = file === name ? (work: () => void) => work() : jest.isolateModules;
  inFile(() => {
    const { describeProgram } = require("../../cli/run") as typeof import("../../cli/run");
    program = describeProgram(file, args);
  });
  if (program === undefined) throw new Error(`${file} has no program`);
  return program;
}

/** What is wrong with a command; undefined where nothing is. */
function problemOf(command: string): string | undefined {
  const [name = "", ...words] = command.split(/[;,…|)]|\s#|\s{2}|\. |: /)[0]?.split(/\s+/) ?? [];
  if (!(name in scripts)) return `there is no npm script ${name}`;
  const program = programs.get(name);
  if (program === undefined) return undefined;
  return optionProblem(program, words);
}

function optionProblem(program: Command, words: readonly string[]): string | undefined {
  const sub = words.map((word) => program.commands.find((each) => each.name() === word)).find(Boolean);
  const known = [program, ...(sub ? [sub] : [])].flatMap(({ options }) => options.map(({ long }) => long));
  const first = words.find((word) => /^[a-z][a-z-]+$/.test(word));
  if (program.commands.length > 0 && sub === undefined && first !== undefined && !words[0]?.startsWith("-"))
    return `${program.name()} has no command ${first}`;
  // What follows the first word is for another program.
  if (/^npm run tofu/.test(program.name())) return undefined;
  const unknown = words
    .map((word) => /^--[a-z][a-z0-9-]*/.exec(word)?.[0])
    .find((word) => word !== undefined && word !== "--help" && !known.includes(word));
  return unknown === undefined ? undefined : `${program.name()} has no option ${unknown}`;
}

test("there are such places", () => expect(said.length).toBeGreaterThan(200));

test("every command that somebody is told to run is there, and takes what it is told with", () => {
  const wrong = said.flatMap(({ at, command }) => {
    const problem = problemOf(command);
    return problem === undefined ? [] : [`${at}: npm run ${command}: ${problem}`];
  });
  expect(wrong).toEqual([]);
});

/** Those whose options alone do not say how they are used. */
const WITH_EXAMPLES = "init bootstrap config plan secrets etcd replace-node upgrade state".split(" ");

test("the help of a command that is not obvious has examples", () => {
  for (const name of WITH_EXAMPLES) {
    expect(programs.get(name)?.helpInformation()).toMatch(/\nExamples:\n {2}# .+\n {2}npm run /);
  }
});

const examples = Object.entries(EXAMPLES).flatMap(([path, all]) => all.map(([args]) => ({ path, args })));
test.each(examples)("the example $path $args is taken by its command", ({ path, args }) => {
  const [name = "", ...words] = `${path} ${args}`.trim().split(" ");
  const program = programs.get(name);
  if (program === undefined) throw new Error(`there is no command ${name}`);
  const redirect = words.indexOf(">");
  expect(parseProblem(program, redirect < 0 ? words : words.slice(0, redirect))).toBeUndefined();
});

/** What commander says of the words, without running the command. */
function parseProblem(program: Command, words: readonly string[]): string | undefined {
  const sub = program.commands.find((each) => each.name() === words[0]);
  const command = sub ?? program;
  let said: string | undefined;
  command.exitOverride().configureOutput({ writeErr: (text) => (said ??= text) });
  const { operands, unknown } = command.parseOptions(words.slice(sub ? 1 : 0));
  const missing = command.options.filter(
    (each) => each.mandatory && !each.envVar && command.getOptionValue(each.attributeName()) === undefined,
  );
  const { registeredArguments } = command;
  const least = registeredArguments.filter(({ required }) => required).length;
  const most = registeredArguments.some(({ variadic }) => variadic) ? Infinity : registeredArguments.length;
  if (unknown.length > 0) return `it has no ${unknown.join(" ")}`;
  if (missing.length > 0) return `it needs ${missing.map(({ flags }) => flags).join(", ")}`;
  if (operands.length < least || operands.length > most) return `it takes no ${operands.join(" ")}`;
  return said;
}

/** The program or subcommand that the words are for, and whether `--cluster` stands where it is taken. */
function takesCluster(program: Command, words: readonly string[]): "nowhere" | "elsewhere" | "there" {
  const has = (command: Command) => command.options.some(({ long }) => long === "--cluster");
  const sub = program.commands.find((each) => words.includes(each.name()));
  if (!has(program) && !(sub && has(sub))) return "nowhere";
  const at = words.indexOf("--cluster");
  return at >= 0 && (has(program) || at > words.indexOf(sub?.name() ?? "")) ? "there" : "elsewhere";
}

test("with --cluster, whatever is said by code names the cluster, where the command takes it", () => {
  const here = said.filter(({ at }) => /^(?!demo|bench|stand-ins|release|site|schemas)[^.]+\.ts:/.test(at));
  const wrong = here.flatMap(({ at, command }) => {
    const [first = "", ...rest] = command.split(" ");
    const text = nameCluster(`npm run ${first}${rest.length > 0 ? ` -- ${rest.join(" ")}` : ""} `, "staging");
    const [name = "", ...words] = text
      .replace(/^npm run /, "")
      .replace(" -- ", " ")
      .trim()
      .split(" ");
    const program = programs.get(name);
    // A plan that was kept says which cluster it is for.
    if (program === undefined || name === "apply") return [];
    return takesCluster(program, words) === "elsewhere" ? [`${at}: ${text}`] : [];
  });
  expect(here.length).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});

test.each([
  ["delpoy", "there is no npm script delpoy"],
  ["state list --colour", "npm run state -- has no option --colour"],
  ["state lsit", "npm run state -- has no command lsit"],
  ["plan --out plan.bin --apply", "npm run plan -- has no option --apply"],
  ["secrets edit; then go on", undefined],
])("npm run %s: %s", (command, problem) => expect(problemOf(command)).toBe(problem));
