import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { platform, type ToolchainContext, ToolchainError } from "./context";
import { buildGoTool } from "./go-build";
import { makeOnce } from "./make-once";
import { isReachable } from "./release";
import { CLOUDFLARE_PROVIDER, GO_MINIMUM, PROXMOX_PROVIDER, type ProviderPin } from "./versions";

/** Hosts that a provider without one is looked up under: by OpenTofu, and as cdktf writes it out. */
const HOSTS = ["registry.opentofu.org", "registry.terraform.io"] as const;

/** How `tofu init` gets the providers. */
export interface ProviderInstallation {
  /** Providers come from a filesystem mirror, so `providers lock`, which asks the registry, must not run. */
  readonly mirrored: boolean;
  /** The `provider_installation` block of a CLI configuration; empty for OpenTofu's own way. */
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
 * The registry where it can be reached; else the Proxmox provider, built from its Go module into a filesystem
 * mirror in the cache, and our stand-in for the cloudflare provider, if it is for a Cloudflare on this machine.
 * @throws ToolchainError when neither works.
 */
export async function installProviders(context: ToolchainContext): Promise<ProviderInstallation> {
  if (await isReachable(`${context.registry}/.well-known/terraform.json`)) {
    return { mirrored: false, block: "", summary: [`providers: ${context.registry}`] };
  }
  if (context.cloudflare === "account") throw new ToolchainError(noStandIn(context));

  const proxmox = { pin: PROXMOX_PROVIDER, mirror: join(context.cacheDir, "providers") };
  await buildIntoMirror(context, proxmox, "building it from its Go module, 1 to 3 minutes");
  const built = [`providers: built, in ${proxmox.mirror}`];
  if (context.cloudflare === "unused") {
    return { mirrored: true, block: mirrorBlock([proxmox]), summary: built };
  }

  // By the hash of its source: a checkout never runs the stand-in of another.
  const cloudflare = {
    pin: CLOUDFLARE_PROVIDER,
    mirror: join(context.cacheDir, "stand-ins", standInHash()),
  };
  await buildIntoMirror(context, cloudflare, "building our stand-in, for local use only, about a minute");
  const standIn = `cloudflare: stand-in provider, for local use only: ${context.registry} cannot be reached`;
  return { mirrored: true, block: mirrorBlock([proxmox, cloudflare]), summary: [...built, standIn] };
}

async function buildIntoMirror(
  context: ToolchainContext,
  { pin, mirror }: Mirrored,
  building: string,
): Promise<void> {
  const title = `${pin.source} ${pin.version}`;
  const [, type] = pin.source.split("/");
  const pathUnder = (host: string) =>
    join(mirror, host, pin.source, pin.version, platform(), `terraform-provider-${type}_v${pin.version}`);

  const [first, second] = HOSTS;
  await makeOnce(context, pathUnder(first), title, async (output) => {
    context.report(`${title}: ${context.registry} cannot be reached`);
    context.report(`${title}: ${building}, once on this machine`);
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

/** Of everything that the stand-in is built from. */
function standInHash(): string {
  const root = join(__dirname, "..");
  const source =
    /^(stand-ins\/providers\/.*((?<!_test)\.go|go\.(mod|sum))|schemas\/(.*\.go|go\.mod|cloudflare@.*\.json))$/;
  const hash = createHash("sha256");
  for (const folder of ["stand-ins/providers", "schemas"]) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    for (const file of files
      .map((name) => join(folder, name))
      .filter((name) => source.test(name))
      .sort()) {
      hash.update(`${file}\n`).update(readFileSync(join(root, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
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

const waysOut = (context: ToolchainContext, title: string, reason: string): string =>
  [
    `the provider ${title} is not to be had here:`,
    `  - ${context.registry} cannot be reached`,
    `  - ${reason.replaceAll("\n", "\n    ")}`,
    "any one of these helps:",
    ...ways(context),
    `  3. install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
  ].join("\n");

const noStandIn = (context: ToolchainContext): string =>
  [
    `the provider ${CLOUDFLARE_PROVIDER.source} ${CLOUDFLARE_PROVIDER.version} is not to be had here: ${context.registry} cannot be reached`,
    "our stand-in is for a Cloudflare on this machine only, and CLOUDFLARE_BASE_URL names none",
    "any one of these helps:",
    ...ways(context),
  ].join("\n");

const ways = (context: ToolchainContext): readonly string[] => [
  "  1. set TF_CLI_CONFIG_FILE to a file with a provider_installation block that names a mirror",
  `  2. make ${context.registry} reachable, for example by HTTPS_PROXY`,
];
