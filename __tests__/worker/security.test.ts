import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** docs/security.md names a test for each threat. A test that was renamed or removed must not stay there. */
const root = join(__dirname, "..", "..");
const page = readFileSync(join(root, "docs/security.md"), "utf8");

/** The text of what a reference such as `conformance, races` or `cli/worker` names. */
function sourceOf(reference: string): string {
  const [file = ""] = reference.split(",");
  const inTests = file.includes("/") ? join(root, "__tests__") : __dirname;
  if (file === "conformance" || file === "fuzz") return textsIn(join(__dirname, "conformance", "cases"));
  const found = ["test.ts", "e2e.test.ts"].map((end) =>
    join(inTests, `${file.replace(/\.e2e$/, "")}.${end}`),
  );
  const texts = found.flatMap((path) => {
    try {
      return [readFileSync(path, "utf8")];
    } catch {
      return [];
    }
  });
  if (file === "faults") texts.push(readFileSync(join(__dirname, "support/fault-schedule.ts"), "utf8"));
  if (texts.length === 0) throw new Error(`docs/security.md names the test ${reference}, which is not there`);
  return texts.join("\n");
}

const textsIn = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");

/** `file: "name", "name"; file: "name"` as pairs. */
function references(cell: string): [string, string][] {
  const pairs: [string, string][] = [];
  let file = "";
  for (const [, named, quoted = ""] of cell.matchAll(/([a-z0-9][\w./, -]*?)?[:(]?\s*"([^"]+)"/g)) {
    if (named !== undefined && named.trim() !== "") file = named.trim();
    pairs.push([file, quoted]);
  }
  return pairs;
}

const tables = page.split(/\n\n/).filter((part) => /^\| threat +\|/.test(part));
const rows = tables
  .flatMap((table) => table.split("\n").slice(2))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\||\|$/g, "").trim()));

/** Every text in a source, in which `%s`, `$name` and `${…}` stand for any. */
function patterns(source: string): RegExp[] {
  const texts = [...source.matchAll(/(["'`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , text = ""]) => text);
  return texts.flatMap((text) => {
    const literal = text.replaceAll(/\\(.)/g, "$1").split(/%[sdij]|\$\{[^}]*\}|\$\w+/);
    if (!literal.some((part) => /\w{3}/.test(part))) return [];
    return [new RegExp(literal.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"), "s")];
  });
}

test.each(rows)("%s", (_threat, _prevention, tests = "") => {
  const missing = references(tests).filter(([file, name]) => {
    const source = sourceOf(file);
    // Names are shortened with "…".
    const parts = name.split("…").filter((part) => part.trim() !== "");
    const isThere = (part: string) =>
      source.includes(part.trim()) || patterns(source).some((each) => each.test(part));
    return !parts.every(isThere);
  });
  expect(missing).toEqual([]);
  expect(tests).not.toBe("");
});
