import { existsSync } from "node:fs";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { findProgram, platform, type ToolchainContext, ToolchainError } from "./context";
import { buildGoTool } from "./go-build";
import { makeOnce } from "./make-once";
import { extractRelease, Unreachable } from "./release";
import { GO_MINIMUM, OPENTOFU, OPENTOFU_MINIMUM } from "./versions";

export interface OpenTofu {
  /** Absolute path. */
  readonly path: string;
  readonly version: string;
  readonly origin: "TERRAFORM_BINARY_NAME" | "PATH" | "cache";
}

/**
 * OpenTofu from the first of: TERRAFORM_BINARY_NAME, PATH, the cache; undefined when it has to be made.
 * @throws ToolchainError when the user's choice will not do.
 */
export async function findOpenTofu(context: ToolchainContext): Promise<OpenTofu | undefined> {
  const named = context.env.TERRAFORM_BINARY_NAME;
  if (named) return namedByUser(context, named);

  const onPath = await usableOnPath(context);
  if (onPath !== undefined) return onPath;
  return existsSync(cachedPath(context)) ? cached(context) : undefined;
}

/**
 * Downloads the official release into the cache, or builds it from its Go module.
 * @throws ToolchainError when neither way is open, or when the release is not the one that is pinned.
 */
export async function makeOpenTofu(context: ToolchainContext): Promise<OpenTofu> {
  const title = `OpenTofu ${OPENTOFU.version}`;
  await makeOnce(context, cachedPath(context), title, (partial) => obtain(context, partial));
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
      `TERRAFORM_BINARY_NAME is "${named}", which is no program on PATH; correct it or unset it`,
    );
  }
  const { product, version } = await identify(context, path);
  if (product !== "OpenTofu") {
    throw new ToolchainError(
      `TERRAFORM_BINARY_NAME is "${named}", which is ${product} ${version}; state encryption needs OpenTofu ` +
        `>= ${OPENTOFU_MINIMUM}: set it to a tofu, or unset it`,
    );
  }
  if (!isRecent(version)) {
    throw new ToolchainError(
      `TERRAFORM_BINARY_NAME is "${named}", which is OpenTofu ${version}; >= ${OPENTOFU_MINIMUM} is needed: ` +
        "upgrade it, or unset it",
    );
  }
  return { path, version, origin: "TERRAFORM_BINARY_NAME" };
}

/** A `tofu` that is too old, or a version manager's shim that has none to run, is said and passed over. */
async function usableOnPath(context: ToolchainContext): Promise<OpenTofu | undefined> {
  const path = await findProgram("tofu", context.env);
  if (path === undefined) return undefined;
  try {
    const { product, version } = await identify(context, path);
    if (product === "OpenTofu" && isRecent(version)) return { path, version, origin: "PATH" };
    context.report(`${path} is ${product} ${version}, not OpenTofu >= ${OPENTOFU_MINIMUM}: not used`);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    context.report(`${error.message}: not used`);
  }
  return undefined;
}

/** Writes a verified `tofu` to `output`. */
async function obtain(context: ToolchainContext, output: string): Promise<void> {
  const { version, build } = OPENTOFU;
  const closed: string[] = ["TERRAFORM_BINARY_NAME is not set, and no usable tofu is on PATH"];

  const sha256 = context.sha256[platform()];
  if (sha256 === undefined) {
    closed.push(`no release checksum is pinned for ${platform()}`);
  } else {
    const url = `${context.releases}/v${version}/tofu_${version}_${platform()}.tar.gz`;
    const title = `OpenTofu ${version}: official release`;
    context.report(`${title}: asking for it`);
    try {
      await extractRelease(context, { url, sha256, member: "tofu" }, title, output);
      return await verify(context, output);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      context.report(error.message);
      closed.push(error.message);
    }
  }

  context.report(
    `OpenTofu ${version}: building it from its Go module, 5 to 15 minutes, once on this machine`,
  );
  try {
    await buildGoTool(context, build, `OpenTofu ${version}: building`, output);
    return await verify(context, output);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    closed.push(error.message);
  }
  throw new ToolchainError(
    [
      `no OpenTofu >= ${OPENTOFU_MINIMUM} was found, and none can be made here:`,
      ...closed.map((reason) => `  - ${reason.replaceAll("\n", "\n    ")}`),
      "any one of these helps:",
      "  1. install OpenTofu (https://opentofu.org/docs/intro/install), or set TERRAFORM_BINARY_NAME to a tofu",
      `  2. make ${context.releases} reachable, for example by HTTPS_PROXY`,
      `  3. install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
    ].join("\n"),
  );
}

async function verify(context: ToolchainContext, path: string): Promise<void> {
  const { product, version } = await identify(context, path);
  if (product !== "OpenTofu" || version !== OPENTOFU.version) {
    throw new ToolchainError(`OpenTofu ${OPENTOFU.version} was expected, but it says ${product} ${version}`);
  }
}

/** Asks a binary what it is: OpenTofu and Terraform differ in the first word of `-version` only. */
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
      `${path} -version says neither OpenTofu nor Terraform, but:\n${tail(output, 5)}`,
    );
  }
  return { product, version };
}

/** A pre-release of the minimum itself counts as older. */
function isRecent(version: string): boolean {
  return (
    version.localeCompare(OPENTOFU_MINIMUM, "en", { numeric: true }) >= 0 &&
    !version.startsWith(`${OPENTOFU_MINIMUM}-`)
  );
}
