import { join } from "node:path";
import { inheritedEnv } from "../support/inherited-env";
import { startProgram, TYPESCRIPT } from "../support/running-program";
import { Terminal } from "../support/terminal";

const PROGRAM = join(__dirname, "support/two-steps.ts");
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
const COLOUR = /\x1b\[\d*(;\d+)*m/;

/** Where libraries write colours to a pipe, too. */
const WORKFLOW = { CI: "true", GITHUB_ACTIONS: "true" };

test("in a workflow, steps are lines without colours on standard error, and results alone on standard output", async () => {
  const program = startProgram(PROGRAM, [], { env: { ...inheritedEnv(), ...WORKFLOW } });
  expect(await program.ended).toBe(1);
  expect(program.lines()).toEqual(["a result"]);
  const steps = program
    .said()
    .replace("a result\n", "")
    .replaceAll(/\d\.\d/g, "0.0");
  expect(steps).toBe(
    "❯ First\n› a line\n✔ First: done [0.0s]\n❯ Second\n✖ Second [FAILED: see below]\nit failed\n",
  );
});

test("on a terminal there are colours, and with NO_COLOR none", async () => {
  const shownWith = async (more: NodeJS.ProcessEnv) => {
    const env = { ...inheritedEnv(), FORCE_COLOR: undefined, ...more };
    const terminal = new Terminal(process.execPath, [...TYPESCRIPT, PROGRAM], { env });
    expect(await terminal.ended).toBe(1);
    return terminal.shown;
  };
  const [coloured, plain] = await Promise.all([shownWith({}), shownWith({ NO_COLOR: "1" })]);
  expect(coloured).toMatch(COLOUR);
  expect(plain).toContain("First: done");
  expect(plain).not.toMatch(COLOUR);
});
