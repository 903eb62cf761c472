import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { AGE, OPENTOFU, SOPS, TALOSCTL } from "../../toolchain/versions";
import { type FakeMachine, fakeMachine, versionScript } from "../support/fake-machine";
import { ROOT } from "../support/running-program";
import { talosctlScript } from "../toolchain/support/fakes";

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const dockerfile = read("Dockerfile");

/* What a build of the image does, as far as that goes without Docker: its base images, its context, and the programs in it. */

test("its base images are pinned by digest, and are the Node and the Go that this project pins", () => {
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = ""]) => image);
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name = ""]) => name);
  const foreign = images.filter((image) => !stages.includes(image));
  const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: Record<string, string> };
  const go = readdirSync(join(ROOT, "toolchain/go"))
    .map((name) => /^go (\S+)$/m.exec(read(`toolchain/go/${name}/go.mod`))?.[1] ?? "")
    .sort()
    .at(-1);
  expect(foreign.map((image) => image.replace(/@sha256:[0-9a-f]{64}$/, "@digest"))).toEqual([
    `golang:${go}-trixie@digest`,
    `node:${devDependencies.node}-trixie-slim@digest`,
  ]);
});

test("no version of a tool is written a second time", () => {
  for (const { version } of [OPENTOFU, TALOSCTL, SOPS, AGE]) expect(dockerfile).not.toContain(version);
});

describe("in the context of a build", () => {
  let on: FakeMachine;
  let context: string;
  beforeEach(() => {
    on = fakeMachine();
    context = mkdtempSync(join(on.root, "context-"));
    const rules = read(".dockerignore").split("\n");
    expect(rules).toContain("*");
    const kept = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
    const { stdout } = spawnSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" });
    for (const file of stdout.trim().split("\n")) {
      if (!kept.some((rule) => matchesGlob(file, rule))) continue;
      mkdirSync(dirname(join(context, file)), { recursive: true });
      cpSync(join(ROOT, file), join(context, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(context, "node_modules"));
    // Stands for Go, and needs the files that pin what it builds.
    const scripts = [
      ["tofu", versionScript("OpenTofu", OPENTOFU.version)],
      ["talosctl", talosctlScript(TALOSCTL.version)],
      ["sops", `echo "sops ${SOPS.version}"`],
      ["age", `echo "v${AGE.version}"`],
      ["age-keygen", `echo "v${AGE.version}"`],
    ];
    const cases = scripts.map(([name, script]) => `*/${name}) echo '${script}' >> $out ;;`).join("\n");
    on.program(
      "go",
      `cat go.mod go.sum >/dev/null || exit 1
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; package=$1; shift; done
echo '#!/bin/sh' > $out
case $package in
${cases}
esac
chmod 755 $out`,
    );
  });
  afterEach(() => {
    rmSync(join(context, "node_modules"));
    on.remove();
  });

  /** The command of the Dockerfile, with a folder in place of /tools. */
  const makeTools = (folder: string) => {
    const [, command = ""] = /^RUN node (node_modules\/ts-node.*) \/tools$/m.exec(dockerfile) ?? [];
    return spawnSync(process.execPath, [...command.split(" "), folder], {
      cwd: context,
      env: { ...on.env, XDG_CACHE_HOME: on.cacheDir, HTTPS_PROXY: "http://127.0.0.1:9" },
      encoding: "utf8",
    });
  };

  test("the programs are made in the pinned versions", () => {
    const folder = join(on.root, "tools");
    const { status, stdout, stderr } = makeTools(folder);
    expect({ status, stdout, stderr: status === 0 ? "" : stderr }).toEqual({
      status: 0,
      stdout: `tofu ${OPENTOFU.version}\ntalosctl ${TALOSCTL.version}\nsops ${SOPS.version}\nage ${AGE.version}\nage-keygen ${AGE.version}\n`,
      stderr: "",
    });
    expect(readdirSync(folder)).toEqual(["age", "age-keygen", "sops", "talosctl", "tofu"]);
    // Each is what its name says.
    const { stdout: said } = spawnSync(join(folder, "tofu"), ["-version"], { encoding: "utf8", env: on.env });
    expect(said).toContain(`OpenTofu v${OPENTOFU.version}`);
  });

  test("another version on PATH is not taken for the pinned one", () => {
    const path = on.program("age", "echo 1.2.0");
    const { status, stderr } = makeTools(join(on.root, "tools"));
    expect({ status, said: stderr.trim().split("\n").at(-1) }).toEqual({
      status: 1,
      said: `age 1.2.0 (${path}, PATH): not the pinned one; run this where PATH and the variables have none`,
    });
    expect(readdirSync(on.root)).not.toContain("tools");
  });
});
