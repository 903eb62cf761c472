import { join } from "node:path";
import { runGroup } from "../../process/process-group";
import { defaultCacheDir, type ToolchainContext } from "../../toolchain/context";
import { makeOnce } from "../../toolchain/make-once";

/** Runs `pip install` or Python. @param args its arguments @throws with its output where it fails */
type RunPython = (...args: readonly string[]) => Promise<void>;

/** The folder of a virtual environment of Python, made once in the user's cache. */
export async function pythonVenv(
  name: string,
  version: string,
  install: (pip: RunPython, python: RunPython) => Promise<void>,
): Promise<string> {
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
    githubReleases: "",
    kubernetesReleases: "",
    etcdReleases: "",
    talos: "unused",
  };
  const venv = join(context.cacheDir, name, version);
  await makeOnce(context, venv, `${name} ${version}`, async (partial) => {
    await succeed("python3", "-m", "venv", partial);
    const python = (...args: readonly string[]) => succeed(join(partial, "bin/python"), ...args);
    await install((...args) => python("-m", "pip", "install", "--quiet", ...args), python);
  });
  return venv;
}

async function succeed(file: string, ...args: readonly string[]): Promise<void> {
  const { exitCode, output } = await runGroup(file, args);
  if (exitCode !== 0) throw new Error(`${file} ${args.join(" ")}: ${exitCode}\n${output}`);
}
