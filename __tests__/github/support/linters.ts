import { join } from "node:path";
import { runGroup } from "../../../process/process-group";
import { resolveOwnProgram } from "../../../toolchain";
import { pythonVenv } from "../../support/python-venv";

// renovate: datasource=pypi depName=zizmor
const ZIZMOR = "1.32.0";
const GO_MODULE = "__tests__/github/actionlint";

/** What a linter has said, and its exit code. */
export type Linted = readonly [number | null, string];

/** Builds actionlint, once on this machine. @returns lints workflow files */
export async function resolveActionlint(): Promise<(...files: string[]) => Promise<Linted>> {
  const program = await resolveOwnProgram({
    name: "actionlint",
    build: { folder: GO_MODULE, package: "github.com/rhysd/actionlint/cmd/actionlint", ldflags: "-s -w" },
    sources: [GO_MODULE],
  });
  // What shellcheck says depends on whether the machine has it.
  return (...files) => run(program, "-no-color", "-shellcheck=", "-pyflakes=", ...files);
}

/** Installs zizmor from PyPI, once on this machine. @returns audits workflow files */
export async function resolveZizmor(): Promise<(...files: string[]) => Promise<Linted>> {
  const venv = await pythonVenv("zizmor", ZIZMOR, (pip) =>
    pip("--no-deps", "--only-binary=:all:", `zizmor==${ZIZMOR}`),
  );
  return (...files) => run(join(venv, "bin/zizmor"), "--offline", "--no-progress", "--color=never", ...files);
}

async function run(file: string, ...args: readonly string[]): Promise<Linted> {
  const { exitCode, output } = await runGroup(file, args);
  return [exitCode, output];
}
