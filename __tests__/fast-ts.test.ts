import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TYPESCRIPT } from "./support/running-program";

const folder = mkdtempSync(join(tmpdir(), "fast-ts-"));
const file = join(folder, "program.ts");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program. @returns what it prints */
function run(source: string): string {
  writeFileSync(file, source);
  return execFileSync(process.execPath, [...TYPESCRIPT, file], { encoding: "utf8" }).trim();
}

test("a source is compiled once, and again when its text changes", () => {
  const program = (value: number) => `
    const value: number = ${value};
    console.log(value, Object.keys(require.cache).some((path) => path.includes("@swc/core/index")));`;
  expect(run(program(1))).toBe("1 true");
  expect(run(program(1))).toBe("1 false");
  expect(run(program(2))).toBe("2 true");
});

test("an error names the lines of the source, also where it is not compiled again", () => {
  const program = `
    interface NotThereAtRunTime {
      readonly name: string;
    }

    class Thing {
      constructor(private readonly name: string) {}
      fail(): never {
        throw new TypeError(this.name);
      }
    }
    try {
      new Thing("a thing").fail();
    } catch (error) {
      console.log((error as Error).stack);
    }`;
  for (let runs = 0; runs < 2; runs++) {
    const stack = run(program).split("\n    at ");
    expect(stack.slice(0, 3)).toEqual([
      "TypeError: a thing",
      `Thing.fail (${file}:9:15)`,
      `Object.<anonymous> (${file}:13:28)`,
    ]);
  }
});

test("zod comes with its English texts alone", () => {
  const program = `
    const { z } = require(${JSON.stringify(require.resolve("zod"))});
    const languages = Object.keys(require.cache).filter((path) => /zod.v4.locales.[a-z]+-?[A-Z]*[.]cjs$/.test(path));
    console.log(languages.length, z.string().safeParse(1).error.issues[0].message);`;
  expect(run(program)).toBe("2 Invalid input: expected string, received number");
});
