import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const LOCK = {
  packages: {
    "": { name: "project" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/for-another-platform": { version: "1.0.0", integrity: "sha512-p", optional: true },
  },
};
const INSTALLED = { packages: { "node_modules/a": LOCK.packages["node_modules/a"] } };

let root: string;

/** A project with the installer, and an `npm` on PATH that notes how it was called. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "install-test-"));
  file("package-lock.json", JSON.stringify(LOCK));
  cpSync(
    join(__dirname, "../../toolchain/install-dependencies.mjs"),
    file("toolchain/install-dependencies.mjs", ""),
  );
  npm(
    "mkdir -p node_modules/.bin && cp installed.json node_modules/.package-lock.json && cp pinned-node node_modules/.bin/node",
  );
  file("installed.json", JSON.stringify(INSTALLED));
  program("pinned-node", "echo v22.0.0");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}
function program(name: string, body: string): void {
  chmodSync(file(name, `#!/bin/sh\n${body}\n`), 0o755);
}
const npm = (body: string) => program("bin/npm", `echo "$PATH $*" >> ${root}/calls; ${body}`);

function install() {
  const PATH = [
    join(root, "node_modules/.bin"),
    join(root, "bin"),
    dirname(process.execPath),
    "/usr/bin:/bin",
  ].join(":");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["toolchain/install-dependencies.mjs"], {
    cwd: root,
    env: { PATH },
    encoding: "utf8",
  });
  return { status, stdout, said: stderr };
}
const calls = () =>
  existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8").trim().split("\n") : [];

it("installs a fresh clone, and says so", () => {
  expect(install()).toMatchObject({
    status: 0,
    stdout: "",
    said: expect.stringMatching(/npm ci, about a minute[\s\S]*installed in \d+s/),
  });
  expect(calls()).toEqual([expect.stringMatching(/ ci --include=dev --no-audit --no-fund$/)]);
});

it("keeps npm away from the Node that is about to be replaced", () => {
  install();
  expect(calls()[0]).not.toContain(join("node_modules", ".bin"));
});

it("does nothing, silently, where everything is installed", () => {
  install();
  expect(install()).toEqual({ status: 0, stdout: "", said: "" });
  expect(calls()).toHaveLength(1);
});

it.each([
  ["a package has another version", { "node_modules/a": { version: "1.0.1", integrity: "sha512-a" } }],
  ["a package has other content", { "node_modules/a": { version: "1.0.0", integrity: "sha512-b" } }],
  ["a package was added", { ...LOCK.packages, "node_modules/b": { version: "1.0.0" } }],
])("installs again when %s in the lock file", (_case, packages) => {
  install();
  file("package-lock.json", JSON.stringify({ packages }));
  install();
  expect(calls()).toHaveLength(2);
});

it("installs again when the pinned Node does not run", () => {
  install();
  program("node_modules/.bin/node", "exit 126");
  expect(install()).toMatchObject({ status: 0 });
  expect(calls()).toHaveLength(2);
});

it("fails with npm", () => {
  npm("echo 'npm error network' >&2; exit 7");
  expect(install()).toMatchObject({
    status: 1,
    said: expect.stringMatching(
      /npm error network[\s\S]*npm ci failed \(exit code 7\); its own message is above/,
    ),
  });
});

it("says what is wrong when install scripts are turned off", () => {
  npm("mkdir -p node_modules && cp installed.json node_modules/.package-lock.json");
  expect(install()).toMatchObject({
    status: 1,
    said: expect.stringContaining("did not install the pinned Node: install scripts are disabled"),
  });
});
