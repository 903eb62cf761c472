import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "..");
const CONFIG = ".dependency-cruiser.mjs";

interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
  };
}

/** What the layering rules say of a tree. */
function cruise(cwd: string): Report["summary"] {
  const depcruise = join(root, "node_modules/.bin/depcruise");
  const args = ["--config", CONFIG, "--output-type", "json", "."];
  const { stdout, stderr } = spawnSync(depcruise, args, { cwd, encoding: "utf8", maxBuffer: 64 << 20 });
  if (!stdout.startsWith("{")) throw new Error(`depcruise gave no report: ${stdout}${stderr}`);
  return (JSON.parse(stdout) as Report).summary;
}

const brokenRules = ({ violations }: Report["summary"]) =>
  violations.map(({ rule, from }) => `${from}: ${rule.name}`);

test("the tree keeps to the table of docs/design.md, and has no circle", () => {
  const summary = cruise(root);
  expect(brokenRules(summary)).toEqual([]);
  expect(summary.totalCruised).toBeGreaterThan(500);
});

test("the table names places that exist, and each folder of sources is in it", () => {
  const design = readFileSync(join(root, "docs/design.md"), "utf8");
  const places = [...design.matchAll(/^\| `([^`]+)`/gm)].map(([, place = ""]) => place);
  expect(places.filter((place) => !existsSync(join(root, place)))).toEqual([]);
  const { stdout } = spawnSync("git", ["ls-files", "*.ts", "*.tsx"], { cwd: root, encoding: "utf8" });
  const rooms = new Set(
    stdout
      .trim()
      .split("\n")
      .map((file) => file.replace(/\/.*/, "/")),
  );
  expect([...rooms].filter((room) => !places.includes(room))).toEqual([]);
});

test("the walks of docs/design.md name files that exist", () => {
  const design = readFileSync(join(root, "docs/design.md"), "utf8");
  const walks = design.slice(design.indexOf("## Three walks"));
  const named = [...walks.matchAll(/^ {4,}([\w-]+\/)*[\w-]+\.ts\b/gm)].map(([line]) => line.trim());
  expect(named.length).toBeGreaterThan(20);
  const { stdout } = spawnSync("git", ["ls-files", "*.ts"], { cwd: root, encoding: "utf8" });
  const files = stdout.trim().split("\n");
  expect(named.filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([]);
});

describe("a fault that is planted in a small tree is found:", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "layout-"));
    for (const file of [CONFIG, "package.json", "stand-ins/package.json", "docs/design.md"])
      cpSync(join(root, file), join(folder, file));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const plant = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${text}\nexport const planted = 1;\n`);
  };

  test("none", () => {
    plant("config/a.ts", 'import { planted as limit } from "../domain/a";\nexport { limit };');
    plant("domain/a.ts", "");
    expect(brokenRules(cruise(folder))).toEqual([]);
  });

  test("a circle, of types alone", () => {
    plant("config/a.ts", 'import type { B } from "./b";\nexport type A = B;');
    plant("config/b.ts", 'import type { A } from "./a";\nexport type B = A;');
    expect(brokenRules(cruise(folder))).toEqual(["config/a.ts: no circle"]);
  });

  test("an import upward", () => {
    plant("domain/a.ts", 'export * from "../config/a";');
    plant("config/a.ts", "");
    expect(brokenRules(cruise(folder))).toEqual(["domain/a.ts: domain/ imports nothing of ours"]);
  });

  test("a stand-in in the product, loaded late", () => {
    plant("toolchain/a.ts", 'export const late = () => import("../stand-ins/a");');
    plant("stand-ins/a.ts", "");
    expect(brokenRules(cruise(folder))).toEqual(["toolchain/a.ts: toolchain/ imports process/"]);
  });

  test("Node's API in domain/", () => {
    plant("domain/a.ts", 'export { createHash } from "node:crypto";');
    expect(brokenRules(cruise(folder))).toEqual(["domain/a.ts: domain/ has no Node API"]);
  });

  test("a file that is not there", () => {
    plant("state/a.ts", 'export * from "./nowhere";');
    expect(brokenRules(cruise(folder))).toContain("state/a.ts: every import is found");
  });
});
