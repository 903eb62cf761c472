import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "../..");
const out = mkdtempSync(join(tmpdir(), "types-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Packages whose types a declaration file needs, itself or through those that it imports. */
function packagesBehind(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
  return importedFiles.flatMap(({ fileName }) => {
    if (!fileName.startsWith(".")) return [fileName];
    const path = join(file, "..", fileName);
    const [found = ""] = [`${path}.d.ts`, join(path, "index.d.ts")].filter(ts.sys.fileExists);
    return packagesBehind(found, seen);
  });
}

test("who uses the package needs the types of no library of ours", () => {
  const options = ["--declaration", "--emitDeclarationOnly", "--strict", "--skipLibCheck"];
  const modules = ["--module", "nodenext", "--target", "es2022", "--esModuleInterop", "--types", "node"];
  execFileSync(
    process.execPath,
    [
      join(ROOT, "node_modules/typescript/bin/tsc"),
      ...options,
      ...modules,
      "--rootDir",
      ROOT,
      "--outDir",
      out,
      "config/index.ts",
      "domain/schematic.ts",
    ],
    { cwd: ROOT, encoding: "utf8" },
  );
  const files = ["config/index.d.ts", "domain/schematic.d.ts"].map((name) => join(out, name));
  expect(files.flatMap((file) => packagesBehind(file))).toEqual([]);
  // zod is there, one file further.
  expect(packagesBehind(join(out, "config/schema/cluster.d.ts"))).toContain("zod");
});
