import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "../../cli/commands";
import { requirePlain } from "../support/plain-output";
import { ROOT } from "../support/running-program";
import { COMMAND_TABLE } from "./support/command-table";
import { type DescribedCommand, type Run, type RunOutcome, runInTurn } from "./support/runs";

/* Every command, with what is cheap: its help, an option that it has not, a folder where nothing is, and its JSON. */

const BAD_OPTION = "--no-such-option";
const ENTRIES = new Map(COMMANDS.map((entry) => [entry.name, entry]));

/** @param path of the table: `state list` */
function runOf(path: string, args: readonly string[]): Run {
  const [name = "", ...words] = path.split(" ");
  const { file = name, args: before = [] } = ENTRIES.get(name) ?? { name };
  return { file, args: [...before, ...words, ...args] };
}

const folder = mkdtempSync(join(tmpdir(), "commands-"));
const example = join(folder, "example");
cpSync(join(ROOT, "examples/six-nodes"), example, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Kind = "help" | "bad option" | "nothing there" | "json";
const cases: { readonly path: string; readonly kind: Kind; readonly run: Run }[] = [];
for (const [path, { args, needs = [], json }] of Object.entries(COMMAND_TABLE)) {
  const add = (kind: Kind, run: Run) => cases.push({ path, kind, run });
  add("help", runOf(path, ["--help"]));
  add("bad option", runOf(path, [BAD_OPTION, ...needs]));
  if (args !== undefined) add("nothing there", runOf(path, [...args, ...needs]));
  if (json !== undefined && "args" in json) {
    add("json", { ...runOf(path, ["--json", ...json.args]), env: { CLUSTER_CONFIG: example } });
  }
}

let outcomes: readonly RunOutcome[];
/** All that there are, by path. */
let commands: ReadonlyMap<string, DescribedCommand>;
beforeAll(() => {
  const helps = COMMANDS.map(({ name }) => runOf(name, ["--help"]));
  const all = runInTurn([...cases.map(({ run }) => run), ...helps], { folder });
  outcomes = all.slice(0, cases.length);
  const described = all.slice(cases.length).map((each) => each.commands);
  commands = new Map(
    COMMANDS.flatMap(({ name }, index) =>
      (described[index] ?? []).map((each) => [[name, ...each.words].join(" "), each] as const),
    ),
  );
});
const of = (kind: Kind) =>
  cases.flatMap((each, index) =>
    each.kind === kind ? [{ ...each, index, row: COMMAND_TABLE[each.path] ?? {} }] : [],
  );
const outcomeOf = ({ index }: { readonly index: number }): RunOutcome => {
  const outcome = outcomes[index];
  if (outcome === undefined) throw new Error("there is no such run");
  return outcome;
};

test("the table has every command, and its JSON where it has such an option", () => {
  const found = [...commands].map(([path, { options }]) => [path, options.includes("--json")]);
  const written = Object.entries(COMMAND_TABLE).map(([path, { json }]) => [path, json !== undefined]);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(found));
});

test("on pipes, also of a workflow, no command writes an escape code", () => {
  for (const [index, { run }] of cases.entries()) {
    const { stdout, stderr } = outcomeOf({ index });
    requirePlain({ command: [run.file, ...run.args], stdout, stderr, isWhole: true });
  }
});

test.each(of("help"))("$path --help is a result, and no error", (each) => {
  const { code, stdout, stderr } = outcomeOf(each);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`Usage: npm run ${each.path.replace(/ |$/, " -- ").trim()}`);
});

test.each(of("bad option"))("$path with an option that it has not says what it takes", (each) => {
  const { code, stdout, stderr } = outcomeOf(each);
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining(BAD_OPTION),
  });
  const known = commands.get(each.path)?.options ?? [];
  for (const option of known) expect(stderr).toMatch(new RegExp(`^options: .*${option}\\b`, "m"));
  expect(stderr).toMatch(/\(--help says more\)\n$/);
});

test.each(of("nothing there"))("$path where nothing is says what is missing", (each) => {
  const { code, stdout, stderr } = outcomeOf(each);
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(each.row.says ?? /cluster\.yaml: there is no such file/),
  });
  expect(stderr).not.toMatch(/^ +at /m);
});

test.each(of("json"))("$path --json prints one document", (each) => {
  const { code, stdout, stderr } = outcomeOf(each);
  const { json } = each.row;
  if (json === undefined || !("has" in json)) throw new Error("it has no JSON");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toHaveProperty(json.has);
});

test("the JSON of each other command is read by the test that is named", () => {
  for (const { json } of Object.values(COMMAND_TABLE)) {
    if (json === undefined || "args" in json) continue;
    const [file, text] = json;
    expect(readFileSync(join(ROOT, "__tests__", file), "utf8")).toContain(text);
  }
});
