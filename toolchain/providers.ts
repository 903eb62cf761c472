import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { platform, type ToolchainContext, ToolchainError } from "./context";
import { buildGoTool } from "./go-build";
import { makeOnce } from "./make-once";
import { isReachable } from "./release";
import { sourceHash } from "./source-hash";
import {
  CLOUDFLARE_PROVIDER,
  GO_MINIMUM,
  PROXMOX_PROVIDER,
  type ProviderPin,
  type StandInProviderPin,
  TALOS_PROVIDER,
} from "./versions";

/** The registry hosts of a provider that is named without one: OpenTofu's own, and the one that cdktf writes out. */
const HOSTS = ["registry.opentofu.org", "registry.terraform.io"] as const;

/** How `tofu init` gets the providers. */
export interface ProviderInstallation {
  /** Providers come from a filesystem mirror, so `providers lock`, which asks the registry, must not run. */
  readonly mirrored: boolean;
  /** The `provider_installation` block of a CLI configuration; empty if OpenTofu uses the registry. */
  readonly block: string;
  /** One line each on where providers come from. */
  readonly summary: readonly string[];
}

/** A provider in a filesystem mirror. */
interface Mirrored {
  readonly pin: ProviderPin;
  readonly mirror: string;
}

/**
 * Uses the registry where it can be reached. Otherwise builds the Proxmox provider from its Go module into a filesystem
 * mirror in the cache and, for what is on this machine, the stand-ins for the other providers.
 * @throws ToolchainError if neither is possible
 */
export async function installProviders(context: ToolchainContext): Promise<ProviderInstallation> {
  if (await isReachable(`${context.registry}/.well-known/terraform.json`)) {
    return { mirrored: false, block: "", summary: [`providers: ${context.registry}`] };
  }
  if (context.cloudflare === "account") throw new ToolchainError(noStandInForAccounts(context));

  const proxmox = { pin: PROXMOX_PROVIDER, mirror: join(context.cacheDir, "providers") };
  await buildIntoMirror(context, proxmox, "building it from its Go module, 1 to 3 minutes");
  const mirrored: Mirrored[] = [proxmox];
  const summary = [`providers: built, in ${proxmox.mirror}`];
  for (const pin of standInsFor(context)) {
    // Named by the hash of its sources, so that no checkout runs the stand-in of another one.
    const standIn = { pin, mirror: join(context.cacheDir, "stand-ins", sourceHash(pin.sources)) };
    await buildIntoMirror(context, standIn, "building a stand-in, for local use only, about a minute");
    mirrored.push(standIn);
    summary.push(
      `${typeOf(pin)}: stand-in provider, for local use only: ${context.registry} cannot be reached`,
    );
  }
  return { mirrored: true, block: mirrorBlock(mirrored), summary };
}

const standInsFor = ({ cloudflare, talos }: ToolchainContext): readonly StandInProviderPin[] => [
  ...(cloudflare === "local" ? [CLOUDFLARE_PROVIDER] : []),
  ...(talos === "local" ? [TALOS_PROVIDER] : []),
];

/** `cloudflare` */
const typeOf = ({ source }: ProviderPin): string => source.split("/")[1] ?? source;

async function buildIntoMirror(
  context: ToolchainContext,
  { pin, mirror }: Mirrored,
  building: string,
): Promise<void> {
  const title = `${pin.source} ${pin.version}`;
  const pathUnder = (host: string) =>
    join(
      mirror,
      host,
      pin.source,
      pin.version,
      platform(),
      `terraform-provider-${typeOf(pin)}_v${pin.version}`,
    );

  const [first, second] = HOSTS;
  await makeOnce(context, pathUnder(first), title, async (output) => {
    context.report(`${title}: ${context.registry} cannot be reached`);
    context.report(`${title}: ${building}, once on this machine`);
    try {
      await buildGoTool(context, pin.build, `${title}: building`, output);
    } catch (error) {
      if (!(error instanceof ToolchainError)) throw error;
      throw new ToolchainError(cannotBuild(context, title, error.message));
    }
    await verifyPlugin(context, output);
  });
  await makeOnce(context, pathUnder(second), title, (output) => copyFile(pathUnder(first), output));
}

/** Checks that a file is a provider plugin, which prints that when it is started by hand. @throws ToolchainError */
async function verifyPlugin(context: ToolchainContext, path: string): Promise<void> {
  const { output } = await runGroup(path, [], { env: context.env, signal: context.signal });
  if (!output.includes("This binary is a plugin")) {
    throw new ToolchainError(`${path} was built, but it is not a provider; it says:\n${tail(output, 5)}`);
  }
}

function mirrorBlock(mirrored: readonly Mirrored[]): string {
  const names = ({ pin }: Mirrored) => HOSTS.map((host) => JSON.stringify(`${host}/${pin.source}`));
  const mirrors = mirrored.flatMap((provider) => [
    "  filesystem_mirror {",
    `    path    = ${JSON.stringify(provider.mirror)}`,
    `    include = [${names(provider).join(", ")}]`,
    "  }",
  ]);
  const direct = ["  direct {", `    exclude = [${mirrored.flatMap(names).join(", ")}]`, "  }"];
  return ["provider_installation {", ...mirrors, ...direct, "}", ""].join("\n");
}

const cannotBuild = (context: ToolchainContext, title: string, reason: string): string =>
  [
    `the provider ${title} cannot be installed:`,
    `  - ${context.registry} cannot be reached`,
    `  - ${reason.replaceAll("\n", "\n    ")}`,
    "do one of these:",
    ...remedies(context),
    `  3. install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
  ].join("\n");

const noStandInForAccounts = (context: ToolchainContext): string =>
  [
    `the provider ${CLOUDFLARE_PROVIDER.source} ${CLOUDFLARE_PROVIDER.version} cannot be installed: ${context.registry} cannot be reached`,
    "the stand-in for it is for a Cloudflare API on this machine only, and CLOUDFLARE_BASE_URL does not name one",
    "do one of these:",
    ...remedies(context),
  ].join("\n");

const remedies = (context: ToolchainContext): readonly string[] => [
  "  1. set TF_CLI_CONFIG_FILE to a file with a provider_installation block that names a mirror",
  `  2. make ${context.registry} reachable, for example by HTTPS_PROXY`,
];
