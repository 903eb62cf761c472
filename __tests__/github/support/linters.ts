import { join } from "node:path";
import { runGroup } from "../../../process/process-group";
import { resolveOwnProgram } from "../../../toolchain";
import { defaultCacheDir, type ToolchainContext } from "../../../toolchain/context";
import { makeOnce } from "../../../toolchain/make-once";

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
  const context: ToolchainContext = {
    env: process.env,
    cacheDir: defaultCacheDir(),
    report: (line) => process.stderr.write(`${line}\n`),
    heartbeatMs: 15_000,
    releases: "",
    sha256: {},
    registry: "",
    cloudflare: "unused",
    talosReleases: "",
    kubernetesReleases: "",
    etcdReleases: "",
    githubReleases: "",
    talos: "unused",
  };
  const venv = join(context.cacheDir, "zizmor", ZIZMOR);
  await makeOnce(context, venv, `zizmor ${ZIZMOR}`, async (partial) => {
    await succeed("python3", "-m", "venv", partial);
    const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"];
    await succeed(join(partial, "bin/python"), ...pip, `zizmor==${ZIZMOR}`);
  });
  return (...files) => run(join(venv, "bin/zizmor"), "--offline", "--no-progress", "--color=never", ...files);
}

async function succeed(file: string, ...args: readonly string[]): Promise<void> {
  const [exitCode, output] = await run(file, ...args);
  if (exitCode !== 0) throw new Error(`${file} ${args.join(" ")}: ${exitCode}\n${output}`);
}

async function run(file: string, ...args: readonly string[]): Promise<Linted> {
  const { exitCode, output } = await runGroup(file, args);
  return [exitCode, output];
}
