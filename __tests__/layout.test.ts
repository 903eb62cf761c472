import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..");

/** The table of docs/design.md: each place with what it may import; undefined where that is anything. */
function places(): ReadonlyMap<string, readonly string[] | undefined> {
  const design = readFileSync(join(ROOT, "docs/design.md"), "utf8");
  const found = new Map<string, readonly string[] | undefined>();
  for (const [, cells = ""] of design.matchAll(/^\| (`.*) \|$/gm)) {
    const [place = "", , mayImport = ""] = cells.split(/\s+\|\s+/);
    const [name = ""] = /(?<=^`)[^`/]+/.exec(place) ?? [];
    const isFree = mayImport.trim() === "anything" || mayImport.trim() === "";
    const names = mayImport.replace(/`/g, "").split(/,\s*/);
    found.set(name, isFree ? undefined : names.map((each) => each.trim()));
  }
  return found;
}

function sourcesIn(place: string): string[] {
  const path = join(ROOT, place);
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.split(sep).includes("node_modules"))
    .map((name) => join(path, name));
}

/** Places of the project that a file imports, types included, `import()` and `require` too. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."))
    .map((name) => relative(ROOT, join(file, "..", name)).split(sep)[0] ?? "")
    .map((name) => (existsSync(join(ROOT, `${name}.ts`)) ? `${name}.ts` : name));
}

test("the table of the design names places that exist", () => {
  const names = [...places().keys()];
  expect(names).toEqual(
    expect.arrayContaining(["main.ts", "config", "constructs", "stacks", "worker", "local"]),
  );
  for (const name of names)
    expect({ name, exists: existsSync(join(ROOT, name)) }).toEqual({ name, exists: true });
});

test.each([...places()].filter(([, allowed]) => allowed !== undefined))(
  "%s imports nothing but %j",
  (place, allowed = []) => {
    const foreign = sourcesIn(place).flatMap((file) =>
      importsOf(file)
        .filter((name) => name !== place && !allowed.includes(name))
        .map((name) => `${relative(ROOT, file)} imports ${name}`),
    );
    expect(foreign).toEqual([]);
  },
);
