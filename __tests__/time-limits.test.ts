import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How a test or a hook has a limit of its own: as its last argument, alone on a line or behind its function, or for the whole file. */
const OWN_LIMIT = /^ *\}, [\d_]{3,}\);$|^ *[\d_]{4,},\n *\);$|\bjest\.setTimeout\(/m;

const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".test.ts") && !file.startsWith("time-limits"),
);

test("no test has a limit that a busy machine exceeds: the one of jest.config.mjs is for hangs", () => {
  const limited = files.filter((file) => OWN_LIMIT.test(readFileSync(join(__dirname, file), "utf8")));
  expect(limited).toEqual([]);
});

test.each([
  "  test('a', () => {\n  }, 60_000);",
  "test(\n  'a',\n  run,\n  5_000,\n);",
  "jest.setTimeout(60_000);",
])("a limit is found: %j", (text) => expect(OWN_LIMIT.test(text)).toBe(true));
