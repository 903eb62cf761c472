import { existsSync } from "node:fs";
import { userCliConfig, writeCliConfig } from "./cli-config";
import { cloudflareFor, defaultCacheDir, type ToolchainContext, talosFor } from "./context";
import { type KubernetesProgram, makeKubernetesProgram } from "./kubernetes";
import { findOpenTofu, makeOpenTofu, type OpenTofu } from "./opentofu";
import { makeOwnProgram, type OwnProgram, ownProgramPath } from "./own-program";
import { lookForProgram, type Program, resolveProgram } from "./program";
import { installProviders } from "./providers";
import { AGE_KEYGEN_PIN, AGE_PIN, SOPS_PIN } from "./secret-tools";
import { TALOSCTL_PIN, type Talosctl } from "./talosctl";
import { TASK_PIN } from "./task";
import { ETCD, GITHUB_RELEASES, KUBERNETES, OPENTOFU, PROVIDER_REGISTRY, TALOSCTL } from "./versions";

export { type CloudflareUse, cloudflareFor, type TalosUse, ToolchainError } from "./context";
export type { KubernetesProgram } from "./kubernetes";
export type { OwnProgram } from "./own-program";
export type { Program } from "./program";
export type { Talosctl } from "./talosctl";

export type ToolchainOptions = Partial<ToolchainContext>;

export interface Toolchain {
  /** Absolute path of an OpenTofu >= 1.11. */
  readonly tofu: string;
  readonly version: string;
  readonly origin: OpenTofu["origin"];
  /** Variables to add to the environment of tofu and cdktf. */
  readonly env: Readonly<Record<string, string>>;
  /** One line each on where tofu and the providers come from. */
  readonly summary: readonly string[];
}

/**
 * Finds OpenTofu and its providers, and downloads or builds what is missing, once, into the user's cache folder.
 * The user's TERRAFORM_BINARY_NAME is used, and so is a CLI configuration with a `provider_installation` block.
 * @throws ToolchainError that says what failed and what the user can do
 */
export async function resolveToolchain(options: ToolchainOptions = {}): Promise<Toolchain> {
  const context = contextOf(options);
  const { path: tofu, version, origin } = await resolveOpenTofu(context);
  const env = { TERRAFORM_BINARY_NAME: tofu, CHECKPOINT_DISABLE: "1", ...memoryFor(context.env) };
  const fromTofu = `OpenTofu ${version}: ${tofu} (${origin})`;

  const user = await userCliConfig(context);
  if (user?.installsProviders) {
    return { tofu, version, origin, env, summary: [fromTofu, `providers: as ${user.path} says`] };
  }
  const { mirrored, block, summary } = await installProviders(context);
  const config = await writeCliConfig(context, user, block);
  return {
    tofu,
    version,
    origin,
    env: {
      ...env,
      TF_CLI_CONFIG_FILE: config,
      // cdktf's `providers lock` asks the registry, whatever the CLI configuration says.
      ...(mirrored && { CDKTF_SKIP_PROVIDER_LOCK: "true", CDKTF_DISABLE_PLUGIN_CACHE_ENV: "true" }),
    },
    summary: [fromTofu, ...summary],
  };
}

/**
 * Go collects garbage whenever the heap has doubled, which is a quarter of the CPU time of a plan of 100 VMs. It may grow to five
 * times what is in use instead, while it is below 1 GiB. What the user has set is left alone.
 */
function memoryFor({ GOGC, GOMEMLIMIT }: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (GOGC || GOMEMLIMIT) return {};
  return { GOGC: "400", GOMEMLIMIT: "1GiB" };
}

/** Finds OpenTofu alone, and downloads or builds it where there is none. @throws ToolchainError */
export async function resolveOpenTofu(options: ToolchainOptions = {}): Promise<OpenTofu> {
  const context = contextOf(options);
  return (await findOpenTofu(context)) ?? (await makeOpenTofu(context));
}

/**
 * Finds OpenTofu for a synth. cdktf only asks it for its version, so none is downloaded or built where there is none.
 * @returns variables to add to the environment of cdktf
 * @throws ToolchainError if TERRAFORM_BINARY_NAME is not OpenTofu >= 1.11
 */
export async function resolveForSynth(
  options: ToolchainOptions = {},
): Promise<Readonly<Record<string, string>>> {
  const found = await findOpenTofu(contextOf(options));
  // A synth needs no CLI configuration, and tofu warns about a TF_CLI_CONFIG_FILE that does not exist.
  return {
    CHECKPOINT_DISABLE: "1",
    TF_CLI_CONFIG_FILE: "",
    ...(found && { TERRAFORM_BINARY_NAME: found.path }),
  };
}

/** The programs that a command needs in addition to OpenTofu. */
const PROGRAMS = {
  talosctl: TALOSCTL_PIN,
  sops: SOPS_PIN,
  age: AGE_PIN,
  "age-keygen": AGE_KEYGEN_PIN,
  task: TASK_PIN,
} as const;

/**
 * Finds a program, and downloads or builds it where there is none, once, into the user's cache folder.
 * @throws ToolchainError that says what failed and what the user can do
 */
export const resolveTool = (name: keyof typeof PROGRAMS, options: ToolchainOptions = {}): Promise<Program> =>
  resolveProgram(contextOf(options), PROGRAMS[name]);

/** {@link resolveTool} for talosctl. */
export const resolveTalosctl = (options: ToolchainOptions = {}): Promise<Talosctl> =>
  resolveTool("talosctl", options);

/** OpenTofu that is there already. @throws ToolchainError if TERRAFORM_BINARY_NAME is not OpenTofu >= 1.11 */
export const lookForOpenTofu = (options: ToolchainOptions = {}): Promise<OpenTofu | undefined> =>
  findOpenTofu(contextOf(options));

/** talosctl that is there already. @throws ToolchainError if TALOSCTL is none, or is too old */
export const lookForTalosctl = (options: ToolchainOptions = {}): Promise<Talosctl | undefined> =>
  lookForProgram(contextOf(options), TALOSCTL_PIN);

/**
 * Finds a program of Kubernetes, and downloads or builds it where there is none, once, into the user's cache folder.
 * @returns its absolute path @throws ToolchainError that says what failed and what the user can do
 */
export const resolveKubernetes = (
  program: KubernetesProgram,
  options: ToolchainOptions = {},
): Promise<string> => makeKubernetesProgram(contextOf(options), program);

/**
 * Builds a Go program of this project, once for each version of its sources.
 * @returns its absolute path @throws ToolchainError if it cannot be built
 */
export const resolveOwnProgram = (program: OwnProgram, options: ToolchainOptions = {}): Promise<string> =>
  makeOwnProgram(contextOf(options), program);

/** Where a Go program of this project is; undefined if it is not built yet. */
export function findOwnProgram(program: OwnProgram, options: ToolchainOptions = {}): string | undefined {
  const path = ownProgramPath(contextOf(options), program);
  return existsSync(path) ? path : undefined;
}

const contextOf = ({ env = process.env, ...options }: ToolchainOptions): ToolchainContext => ({
  env,
  cacheDir: defaultCacheDir(),
  report: () => undefined,
  heartbeatMs: process.stderr.isTTY ? 1_000 : 15_000,
  releases: OPENTOFU.releases,
  sha256: OPENTOFU.sha256,
  talosReleases: TALOSCTL.releases,
  githubReleases: GITHUB_RELEASES,
  kubernetesReleases: KUBERNETES.releases,
  etcdReleases: ETCD.releases,
  registry: PROVIDER_REGISTRY,
  cloudflare: cloudflareFor(env) === "local" ? "local" : "unused",
  talos: talosFor(env),
  ...options,
});
