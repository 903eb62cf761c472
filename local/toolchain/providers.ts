import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { runGroup, tail } from "../../run/process-group";
import { platform, type ToolchainContext, ToolchainError } from "./context";
import { buildGoTool } from "./go-build";
import { makeOnce } from "./make-once";
import { isReachable } from "./release";
import { GO_MINIMUM, PROXMOX_PROVIDER, type ProviderPin } from "./versions";

/** Hosts that a provider without one is looked up under: by OpenTofu, and as cdktf writes it out. */
const HOSTS = ["registry.opentofu.org", "registry.terraform.io"] as const;

/** How `tofu init` gets the providers. */
export interface ProviderInstallation {
  /** Providers come from a filesystem mirror, so `providers lock`, which asks the registry, must not run. */
  readonly mirrored: boolean;
  /** The `provider_installation` block of a CLI configuration; empty for OpenTofu's own way. */
  readonly block: string;
}

/**
 * The registry where it can be reached; else the Proxmox provider, built from its Go module into a filesystem
 * mirror in the cache.
 * @throws ToolchainError when neither works.
 */
export async function installProviders(context: ToolchainContext): Promise<ProviderInstallation> {
  if (await isReachable(`${context.registry}/.well-known/terraform.json`)) {
    return { mirrored: false, block: "" };
  }
  const mirror = join(context.cacheDir, "providers");
  await buildIntoMirror(context, mirror, PROXMOX_PROVIDER);
  return { mirrored: true, block: mirrorBlock(mirror, [PROXMOX_PROVIDER.source]) };
}

async function buildIntoMirror(context: ToolchainContext, mirror: string, pin: ProviderPin): Promise<void> {
  const title = `${pin.source} ${pin.version}`;
  const [, type] = pin.source.split("/");
  const pathUnder = (host: string) =>
    join(mirror, host, pin.source, pin.version, platform(), `terraform-provider-${type}_v${pin.version}`);

  const [first, second] = HOSTS;
  await makeOnce(context, pathUnder(first), title, async (output) => {
    context.report(`${title}: ${context.registry} cannot be reached`);
    context.report(`${title}: building it from its Go module, 1 to 3 minutes, once on this machine`);
    try {
      await buildGoTool(context, pin.build, `${title}: building`, output);
    } catch (error) {
      if (!(error instanceof ToolchainError)) throw error;
      throw new ToolchainError(waysOut(context, title, error.message));
    }
    await verifyPlugin(context, output);
  });
  await makeOnce(context, pathUnder(second), title, (output) => copyFile(pathUnder(first), output));
}

/** A plugin that is started by hand says what it is and ends. */
async function verifyPlugin(context: ToolchainContext, path: string): Promise<void> {
  const { output } = await runGroup(path, [], { env: context.env, signal: context.signal });
  if (!output.includes("This binary is a plugin")) {
    throw new ToolchainError(`${path} was built, but is no provider; it says:\n${tail(output, 5)}`);
  }
}

function mirrorBlock(mirror: string, sources: readonly string[]): string {
  const list = HOSTS.flatMap((host) => sources.map((source) => JSON.stringify(`${host}/${source}`))).join(
    ", ",
  );
  return [
    "provider_installation {",
    "  filesystem_mirror {",
    `    path    = ${JSON.stringify(mirror)}`,
    `    include = [${list}]`,
    "  }",
    "  direct {",
    `    exclude = [${list}]`,
    "  }",
    "}",
    "",
  ].join("\n");
}

const waysOut = (context: ToolchainContext, title: string, reason: string): string =>
  [
    `the provider ${title} is not to be had here:`,
    `  - ${context.registry} cannot be reached`,
    `  - ${reason.replaceAll("\n", "\n    ")}`,
    "any one of these helps:",
    "  1. set TF_CLI_CONFIG_FILE to a file with a provider_installation block that names a mirror",
    `  2. make ${context.registry} reachable, for example by HTTPS_PROXY`,
    `  3. install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
  ].join("\n");
