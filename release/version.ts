import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FOLDER = ".changeset";
const CHANGELOG = "CHANGELOG.md";
const MANIFEST = "package.json";
const LOCK = "package-lock.json";
const CHANGESETS = join(__dirname, "../node_modules/@changesets/cli/bin.js");

type Manifest = Record<string, unknown> & { version: string };
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;
const writeJson = (path: string, value: object) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

/** The files that tell a change which no release has yet. */
export const changesetsIn = (root: string): readonly string[] =>
  readdirSync(join(root, FOLDER)).filter((name) => name.endsWith(".md") && name !== "README.md");

/**
 * Turns the changesets into a version and a section of the changelog, by `changeset version`. That takes the workspaces of a
 * repository for its packages and leaves out the one at its root, so it works in a copy that has none.
 *
 * @returns the new version
 * @throws where there is no change to release, or the changelog has changes that are in no changeset
 */
export function makeVersion(root: string): string {
  if (changesetsIn(root).length === 0)
    throw new Error(`there is nothing to release: no file in ${FOLDER}/ tells a change`);
  const lines = readFileSync(join(root, CHANGELOG), "utf8").split("\n");
  const unreleased = lines.findIndex((line) => /^## unreleased/i.test(line));
  if (unreleased >= 0)
    throw new Error(
      `${CHANGELOG}:${unreleased + 1}: "${lines[unreleased]}" belongs to no version; move what is below it into a file in ${FOLDER}/`,
    );
  const copy = mkdtempSync(join(tmpdir(), "version-"));
  try {
    for (const name of [FOLDER, CHANGELOG]) cpSync(join(root, name), join(copy, name), { recursive: true });
    const { workspaces: _, ...alone } = readJson<Manifest>(join(root, MANIFEST));
    writeJson(join(copy, MANIFEST), alone);
    execFileSync(process.execPath, [CHANGESETS, "version"], { cwd: copy, stdio: "pipe" });
    const { version } = readJson<Manifest>(join(copy, MANIFEST));
    for (const name of changesetsIn(root)) rmSync(join(root, FOLDER, name));
    cpSync(join(copy, CHANGELOG), join(root, CHANGELOG));
    setVersion(root, version);
    return version;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** The lock file has the version twice. */
function setVersion(root: string, version: string): void {
  writeJson(join(root, MANIFEST), { ...readJson<Manifest>(join(root, MANIFEST)), version });
  const lock = readJson<Manifest & { packages: { "": Manifest } }>(join(root, LOCK));
  lock.version = version;
  lock.packages[""].version = version;
  writeJson(join(root, LOCK), lock);
}
