import { existsSync } from "node:fs";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { findProgram, isAtLeast, platform, type ToolchainContext, ToolchainError } from "./context";
import { cannotHave, downloadOrBuild } from "./download-or-build";
import { makeOnce } from "./make-once";
import { listedChecksum, type Release } from "./release";
import { ETCD, GO_MINIMUM, type GoTool, KUBERNETES } from "./versions";

/** A program of Kubernetes that the stand-ins and the tests run. */
export type KubernetesProgram = "etcd" | "kube-apiserver" | "kubectl";

interface Source {
  readonly version: string;
  /** The oldest version that is taken from PATH. */
  readonly minimum: string;
  readonly versionArgs: readonly string[];
  readonly build: GoTool;
  readonly release: (context: ToolchainContext) => Promise<Release>;
}

const SOURCES: Readonly<Record<KubernetesProgram, Source>> = {
  etcd: {
    ...ETCD,
    minimum: "3.6.0",
    versionArgs: ["--version"],
    release: async ({ etcdReleases }) => {
      const folder = `${etcdReleases}/v${ETCD.version}`;
      const name = `etcd-v${ETCD.version}-${platform().replace("_", "-")}`;
      const sha256 = await listedChecksum(`${folder}/SHA256SUMS`, `${name}.tar.gz`);
      return { url: `${folder}/${name}.tar.gz`, sha256, member: `${name}/etcd` };
    },
  },
  "kube-apiserver": {
    ...KUBERNETES["kube-apiserver"],
    minimum: "1.36.0",
    versionArgs: ["--version"],
    release: (context) => kubernetesRelease(context, "kube-apiserver"),
  },
  kubectl: {
    ...KUBERNETES.kubectl,
    // A kubectl works with an API that is one minor version older or newer.
    minimum: "1.35.0",
    versionArgs: ["version", "--client"],
    release: (context) => kubernetesRelease(context, "kubectl"),
  },
};

/**
 * Finds a program on PATH or in the cache, or downloads the official release into the cache or, where that cannot be
 * reached, builds it from its Go module.
 * @returns its absolute path @throws ToolchainError if nothing of that is possible
 */
export async function makeKubernetesProgram(
  context: ToolchainContext,
  name: KubernetesProgram,
): Promise<string> {
  const onPath = await usableOnPath(context, name);
  if (onPath !== undefined) return onPath;
  const { version } = SOURCES[name];
  const target = join(context.cacheDir, name, version, platform(), name);
  const title = `${name} ${version}`;
  if (!existsSync(target)) {
    await makeOnce(context, target, title, (partial) => make(context, name, title, partial));
  }
  return target;
}

/** Reports and skips one that is too old, and a version manager's shim that has no version to run. */
async function usableOnPath(context: ToolchainContext, name: KubernetesProgram): Promise<string | undefined> {
  const path = await findProgram(name, context.env);
  if (path === undefined) return undefined;
  const { minimum } = SOURCES[name];
  try {
    const version = await versionOf(context, name, path);
    if (isAtLeast(version, minimum)) return path;
    context.report(`${path} is ${name} ${version}, not ${name} >= ${minimum}: not used`);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    context.report(`${error.message}: not used`);
  }
  return undefined;
}

/** Writes a verified program to `output`. */
async function make(
  context: ToolchainContext,
  name: KubernetesProgram,
  title: string,
  output: string,
): Promise<void> {
  const { version, minimum, build, release } = SOURCES[name];
  const verify = async (path: string) => {
    const actual = await versionOf(context, name, path);
    if (actual !== version) throw new ToolchainError(`${title} was expected, but it says ${actual}`);
  };
  const failures = await downloadOrBuild(
    context,
    { title, release: () => release(context), build, buildTime: "up to 10 minutes", verify },
    output,
  );
  if (failures === undefined) return;
  throw new ToolchainError(
    cannotHave(
      `no ${name} >= ${minimum} was found, and none can be downloaded or built:`,
      [`no usable ${name} is on PATH`, ...failures],
      [
        `install ${name}, so that it is on PATH`,
        `make ${name === "etcd" ? context.etcdReleases : context.kubernetesReleases} reachable, for example by HTTPS_PROXY`,
        `install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
      ],
    ),
  );
}

async function kubernetesRelease(
  { kubernetesReleases }: ToolchainContext,
  program: "kube-apiserver" | "kubectl",
): Promise<Release> {
  const folder = `${kubernetesReleases}/v${KUBERNETES[program].version}/bin/${platform().replace("_", "/")}`;
  return {
    url: `${folder}/${program}`,
    sha256: await listedChecksum(`${folder}/${program}.sha256`, program),
  };
}

/** @throws ToolchainError if it does not say a version */
async function versionOf(context: ToolchainContext, name: KubernetesProgram, path: string): Promise<string> {
  const { versionArgs } = SOURCES[name];
  const { output } = await runGroup(path, versionArgs, { env: context.env, signal: context.signal });
  const [, version] = /\bv?(\d+\.\d+\.\d+\S*)/.exec(output) ?? [];
  if (version === undefined) {
    throw new ToolchainError(
      `${path} ${versionArgs.join(" ")} names no version, but says:\n${tail(output, 5)}`,
    );
  }
  return version;
}
