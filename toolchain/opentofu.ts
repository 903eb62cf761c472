import { existsSync } from "node:fs";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { findProgram, isAtLeast, platform, type ToolchainContext, ToolchainError } from "./context";
import { cannotHave, downloadOrBuild } from "./download-or-build";
import { makeOnce } from "./make-once";
import { Unreachable } from "./release";
import { GO_MINIMUM, OPENTOFU, OPENTOFU_MINIMUM } from "./versions";

export interface OpenTofu {
  /** Absolute path. */
  readonly path: string;
  readonly version: string;
  readonly origin: "TERRAFORM_BINARY_NAME" | "PATH" | "cache";
}

/**
 * Looks for OpenTofu in TERRAFORM_BINARY_NAME, on PATH and in the cache, in this order.
 * @returns undefined if there is none
 * @throws ToolchainError if TERRAFORM_BINARY_NAME does not name an OpenTofu that is recent enough
 */
export async function findOpenTofu(context: ToolchainContext): Promise<OpenTofu | undefined> {
  const named = context.env.TERRAFORM_BINARY_NAME;
  if (named) return namedByUser(context, named);

  const onPath = await usableOnPath(context);
  if (onPath !== undefined) return onPath;
  return existsSync(cachedPath(context)) ? cached(context) : undefined;
}

/**
 * Downloads the official release into the cache or, where that cannot be reached, builds OpenTofu from its Go module.
 * @throws ToolchainError if neither is possible, or where the release is not the pinned one
 */
export async function makeOpenTofu(context: ToolchainContext): Promise<OpenTofu> {
  const title = `OpenTofu ${OPENTOFU.version}`;
  await makeOnce(context, cachedPath(context), title, (partial) => make(context, partial));
  return cached(context);
}

const cachedPath = (context: ToolchainContext): string =>
  join(context.cacheDir, "opentofu", OPENTOFU.version, platform(), "tofu");

const cached = (context: ToolchainContext): OpenTofu => ({
  path: cachedPath(context),
  version: OPENTOFU.version,
  origin: "cache",
});

async function namedByUser(context: ToolchainContext, named: string): Promise<OpenTofu> {
  const path = await findProgram(named, context.env);
  if (path === undefined) {
    throw new ToolchainError(
      `TERRAFORM_BINARY_NAME is "${named}", which is not a program on PATH; correct it or unset it`,
    );
  }
  const { product, version } = await identify(context, path);
  if (product !== "OpenTofu") {
    throw new ToolchainError(
      `TERRAFORM_BINARY_NAME is "${named}", which is ${product} ${version}; state encryption needs OpenTofu ` +
        `>= ${OPENTOFU_MINIMUM}: set it to a tofu, or unset it`,
    );
  }
  if (!isAtLeast(version, OPENTOFU_MINIMUM)) {
    throw new ToolchainError(
      `TERRAFORM_BINARY_NAME is "${named}", which is OpenTofu ${version}; >= ${OPENTOFU_MINIMUM} is needed: ` +
        "upgrade it, or unset it",
    );
  }
  return { path, version, origin: "TERRAFORM_BINARY_NAME" };
}

/** Reports and skips a `tofu` that is too old, and a version manager's shim that has no version to run. */
async function usableOnPath(context: ToolchainContext): Promise<OpenTofu | undefined> {
  const path = await findProgram("tofu", context.env);
  if (path === undefined) return undefined;
  try {
    const { product, version } = await identify(context, path);
    if (product === "OpenTofu" && isAtLeast(version, OPENTOFU_MINIMUM))
      return { path, version, origin: "PATH" };
    context.report(`${path} is ${product} ${version}, not OpenTofu >= ${OPENTOFU_MINIMUM}: not used`);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    context.report(`${error.message}: not used`);
  }
  return undefined;
}

/** Writes a verified `tofu` to `output`. */
async function make(context: ToolchainContext, output: string): Promise<void> {
  const { version, build } = OPENTOFU;
  const release = () => {
    const sha256 = context.sha256[platform()];
    if (sha256 === undefined) throw new Unreachable(`no release checksum is pinned for ${platform()}`);
    const url = `${context.releases}/v${version}/tofu_${version}_${platform()}.tar.gz`;
    return { url, sha256, member: "tofu" };
  };
  const failures = await downloadOrBuild(
    context,
    {
      title: `OpenTofu ${version}`,
      release,
      build,
      buildTime: "5 to 15 minutes",
      verify: (path) => verify(context, path),
    },
    output,
  );
  if (failures === undefined) return;
  throw new ToolchainError(
    cannotHave(
      `no OpenTofu >= ${OPENTOFU_MINIMUM} was found, and none can be downloaded or built:`,
      ["TERRAFORM_BINARY_NAME is not set, and no usable tofu is on PATH", ...failures],
      [
        "install OpenTofu (https://opentofu.org/docs/intro/install), or set TERRAFORM_BINARY_NAME to a tofu",
        `make ${context.releases} reachable, for example by HTTPS_PROXY`,
        `install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
      ],
    ),
  );
}

async function verify(context: ToolchainContext, path: string): Promise<void> {
  const { product, version } = await identify(context, path);
  if (product !== "OpenTofu" || version !== OPENTOFU.version) {
    throw new ToolchainError(`OpenTofu ${OPENTOFU.version} was expected, but it says ${product} ${version}`);
  }
}

/** Asks a binary for its product and version: OpenTofu and Terraform differ only in the first word of `-version`. */
async function identify(
  context: ToolchainContext,
  path: string,
): Promise<{ readonly product: string; readonly version: string }> {
  const { TF_CLI_CONFIG_FILE: _unused, ...env } = context.env;
  const { output } = await runGroup(path, ["-version"], {
    env: { ...env, CHECKPOINT_DISABLE: "1" },
    signal: context.signal,
  });
  const [, product, version] = /^(OpenTofu|Terraform) v(\d+\.\d+\.\d+\S*)/m.exec(output) ?? [];
  if (product === undefined || version === undefined) {
    throw new ToolchainError(
      `${path} -version names neither OpenTofu nor Terraform, but says:\n${tail(output, 5)}`,
    );
  }
  return { product, version };
}
