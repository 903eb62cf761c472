import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../support/running-program";

/* What a step makes of a command that fails or answers otherwise. How the workflows run as a whole: e2e/workflows.e2e.test.ts. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steps-"));
  mkdirSync(join(folder, "plan"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the step of an id as GitHub does, with `command` in the place of this program. @returns the exit code */
function runStep(workflow: string, id: string, command: string): number | null {
  const { jobs } = parse(readFileSync(join(ROOT, ".github/workflows", `${workflow}.yml`), "utf8")) as {
    readonly jobs: Readonly<
      Record<string, { readonly steps: readonly { readonly id?: string; readonly run?: string }[] }>
    >;
  };
  const { run } = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .find((step) => step.id === id) ?? { run: undefined };
  if (run === undefined) throw new Error(`${workflow}.yml has no step ${id}`);
  writeFileSync(join(folder, "npx"), `#!/bin/sh\n${command}\n`);
  chmodSync(join(folder, "npx"), 0o755);
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    RUNNER_TEMP: folder,
    GITHUB_OUTPUT: join(folder, "output"),
    CLUSTER: "",
    ALLOW: "",
    LOCK_TIMEOUT: "10m",
  };
  return spawnSync("bash", ["-e", "-c", run], { env, stdio: "ignore" }).status;
}

test.each([
  ["encrypted", '{"meta":{},"encrypted_data":"x"}', 0],
  ["in plain text", '{"version":4,"outputs":{"x":"\\"encrypted_data\\""}}', 1],
])("of a state that is %s, whatever the manifest looks like", (_, state, code) => {
  const backup = `${folder}/backup/2026-01-31`;
  const command = `[ "$4" = backup ] || exit 0; mkdir -p ${backup}; echo '{"states":[]}' > ${backup}/manifest.json; printf '%s' '${state}' > ${backup}/cluster.tfstate`;
  expect(runStep("backup", "backup", command)).toBe(code);
  expect(existsSync(join(folder, "backup"))).toBe(code === 0);
});

test("where nothing was copied, nothing is uploaded", () => {
  expect(runStep("backup", "backup", "exit 0")).toBe(1);
});

test.each([
  ["kept", 0, "{}\n"],
  ["refused", 3, "{}\n"],
  ["not kept, since it failed after the summary", 1, ""],
])("the comment shows a plan that was %s", (_, code, shown) => {
  expect(runStep("plan", "plan", `echo '{}'; exit ${code}`)).toBe(0);
  expect(readFileSync(join(folder, "plan/plan.json"), "utf8")).toBe(shown);
  expect(readFileSync(join(folder, "output"), "utf8")).toBe(`code=${code}\n`);
});
