import { existsSync } from "node:fs";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { findProgram, isAtLeast, platform, type ToolchainContext, ToolchainError } from "./context";
import { cannotHave, downloadOrBuild } from "./download-or-build";
import { makeOnce } from "./make-once";
import { listedChecksum } from "./release";
import { GO_MINIMUM, TALOSCTL, TALOSCTL_MINIMUM } from "./versions";

export interface Talosctl {
  /** Absolute path. */
  readonly path: string;
  readonly version: string;
  readonly origin: "TALOSCTL" | "PATH" | "cache";
}

/**
 * Looks for talosctl in TALOSCTL, on PATH and in the cache, in this order.
 * @returns undefined where there is none
 * @throws ToolchainError where TALOSCTL does not name a talosctl that is recent enough
 */
export async function findTalosctl(context: ToolchainContext): Promise<Talosctl | undefined> {
  const named = context.env.TALOSCTL;
  if (named) return namedByUser(context, named);

  const onPath = await usableOnPath(context);
  if (onPath !== undefined) return onPath;
  return existsSync(cachedPath(context)) ? cached(context) : undefined;
}

/**
 * Downloads the official release into the cache or, where that cannot be reached, builds talosctl from its Go module.
 * @throws ToolchainError where neither is possible, or where the release is not what its checksums say
 */
export async function makeTalosctl(context: ToolchainContext): Promise<Talosctl> {
  const title = `talosctl ${TALOSCTL.version}`;
  await makeOnce(context, cachedPath(context), title, (partial) => make(context, title, partial));
  return cached(context);
}

const cachedPath = (context: ToolchainContext): string =>
  join(context.cacheDir, "talosctl", TALOSCTL.version, platform(), "talosctl");

const cached = (context: ToolchainContext): Talosctl => ({
  path: cachedPath(context),
  version: TALOSCTL.version,
  origin: "cache",
});

async function namedByUser(context: ToolchainContext, named: string): Promise<Talosctl> {
  const path = await findProgram(named, context.env);
  if (path === undefined) {
    throw new ToolchainError(
      `TALOSCTL is "${named}", which is not a program on PATH; correct it or unset it`,
    );
  }
  const version = await versionOf(context, path);
  if (!isAtLeast(version, TALOSCTL_MINIMUM)) {
    throw new ToolchainError(
      `TALOSCTL is "${named}", which is talosctl ${version}; >= ${TALOSCTL_MINIMUM} is needed: upgrade it, or unset it`,
    );
  }
  return { path, version, origin: "TALOSCTL" };
}

/** Reports and skips a `talosctl` that is too old, and a version manager's shim that has no version to run. */
async function usableOnPath(context: ToolchainContext): Promise<Talosctl | undefined> {
  const path = await findProgram("talosctl", context.env);
  if (path === undefined) return undefined;
  try {
    const version = await versionOf(context, path);
    if (isAtLeast(version, TALOSCTL_MINIMUM)) return { path, version, origin: "PATH" };
    context.report(`${path} is talosctl ${version}, not talosctl >= ${TALOSCTL_MINIMUM}: not used`);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    context.report(`${error.message}: not used`);
  }
  return undefined;
}

/** Writes a verified `talosctl` to `output`. */
async function make(context: ToolchainContext, title: string, output: string): Promise<void> {
  const { version, build } = TALOSCTL;
  const folder = `${context.talosReleases}/v${version}`;
  const file = `talosctl-${platform().replace("_", "-")}`;
  const release = async () => ({
    url: `${folder}/${file}`,
    sha256: await listedChecksum(`${folder}/sha256sum.txt`, file),
  });
  const verify = async (path: string) => {
    const actual = await versionOf(context, path);
    if (actual !== version) throw new ToolchainError(`${title} was expected, but it says ${actual}`);
  };
  const failures = await downloadOrBuild(
    context,
    { title, release, build, buildTime: "5 to 10 minutes", verify },
    output,
  );
  if (failures === undefined) return;
  throw new ToolchainError(
    cannotHave(
      `no talosctl >= ${TALOSCTL_MINIMUM} was found, and none can be downloaded or built:`,
      ["TALOSCTL is not set, and no usable talosctl is on PATH", ...failures],
      [
        "install talosctl (https://docs.siderolabs.com/talos), or set TALOSCTL to one",
        `make ${context.talosReleases} reachable, for example by HTTPS_PROXY`,
        `install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
      ],
    ),
  );
}

/** @throws ToolchainError where it is not talosctl */
async function versionOf(context: ToolchainContext, path: string): Promise<string> {
  const { output } = await runGroup(path, ["version", "--client", "--short"], {
    env: context.env,
    signal: context.signal,
  });
  const [, version] = /\bTalos v(\d+\.\d+\.\d+\S*)/.exec(output) ?? [];
  if (version === undefined) {
    throw new ToolchainError(
      `${path} version --client names no Talos version, but says:\n${tail(output, 5)}`,
    );
  }
  return version;
}
