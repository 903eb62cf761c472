import { PassThrough } from "node:stream";
import { confirm } from "../../process/confirm";
import { TYPESCRIPT } from "../support/running-program";
import { Terminal } from "../support/terminal";

const terminal = () => Object.assign(new PassThrough(), { isTTY: true });
let written: jest.SpyInstance;
beforeEach(() => {
  written = jest.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => written.mockRestore());

test.each([
  ["yes", true],
  ["y", false],
  ["", false],
])("the answer %j is %s", async (answer, expected) => {
  const input = terminal();
  const asked = confirm("Carry this out?", { input });
  input.write(`${answer}\n`);
  expect(await asked).toBe(expected);
  expect(written.mock.calls.join()).toContain('Carry this out? Only "yes" is taken: ');
});

test("the end of the input is a no: what waits for the answer goes on", async () => {
  const input = terminal();
  const asked = confirm("Carry this out?", { input });
  input.end();
  expect(await asked).toBe(false);
});

test("where nobody can answer, there is no answer", async () => {
  expect(await confirm("Carry this out?", { input: new PassThrough() })).toBeUndefined();
});

test("a signal ends the question", async () => {
  const stop = new AbortController();
  const asked = confirm("Carry this out?", { input: terminal(), signal: stop.signal });
  stop.abort();
  await expect(asked).rejects.toThrow("aborted");
});

test.each([
  ["yes\r", "true"],
  ["no\r", "false"],
  ["\u0003", "false"],
  ["\u0004", "false"],
])("on a real terminal, the keys %j are %s", async (keys, expected) => {
  const program = 'require("./process/confirm").confirm("Sure?").then((yes) => console.log(`it is ${yes}`))';
  const terminal = new Terminal(process.execPath, [...TYPESCRIPT, "-e", program]);
  await terminal.answer("is taken", keys);
  expect(await terminal.ended).toBe(0);
  expect(terminal.shown).toContain(`it is ${expected}`);
});
