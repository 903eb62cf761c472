import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TYPESCRIPT } from "./support/running-program";

const root = join(__dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "fast-synth-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program in a process of its own, because jest has a `require` of its own. @returns what it prints */
function run(source: string): string {
  const file = join(folder, "program.ts");
  writeFileSync(file, source);
  return execFileSync(process.execPath, [...TYPESCRIPT, file], { cwd: root, encoding: "utf8" });
}

test("a synth loads neither the archiver nor the languages of zod", () => {
  const loaded = run(`
    process.env.CLUSTER_CONFIG = ${JSON.stringify(join(root, "examples/six-nodes"))};
    process.env.CDKTF_OUTDIR = ${JSON.stringify(join(folder, "out"))};
    require(${JSON.stringify(join(root, "main"))});
    process.on("exit", () => console.log(JSON.stringify(Object.keys(require.cache))));
  `);
  const modules: string[] = JSON.parse(loaded.slice(loaded.lastIndexOf('["')));
  expect(modules.some((path) => path.includes("/cdktf/"))).toBe(true);
  expect(modules.filter((path) => /archiver-utils|locales\/fr/.test(path))).toEqual([]);
});

test("a program that packs a folder still gets its archiver", () => {
  mkdirSync(join(folder, "packed"));
  writeFileSync(join(folder, "packed/file.txt"), "packed");
  run(`
    require(${JSON.stringify(join(root, "fast-synth"))});
    const from = { paths: [require("node:path").dirname(require.resolve("cdktf", { paths: [${JSON.stringify(root)}] }))] };
    const archive = require(require.resolve("archiver", from))("zip");
    archive.pipe(require("node:fs").createWriteStream(${JSON.stringify(join(folder, "packed.zip"))}));
    archive.directory(${JSON.stringify(join(folder, "packed"))}, false);
    archive.finalize();
  `);
  expect(readFileSync(join(folder, "packed.zip"), "latin1")).toContain("file.txt");
});
