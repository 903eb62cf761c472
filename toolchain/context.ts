import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/** What every step of the toolchain needs to know. */
export interface ToolchainContext {
  /** The user's environment: PATH, TERRAFORM_BINARY_NAME, TF_CLI_CONFIG_FILE, proxies. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder of what is downloaded and built. */
  readonly cacheDir: string;
  /** Shows one line of progress to the user. */
  readonly report: (line: string) => void;
  /** How often a long step reports that it is still running. */
  readonly heartbeatMs: number;
  readonly signal?: AbortSignal;
  /** The URL that OpenTofu's releases are below, without a version. */
  readonly releases: string;
  /** SHA-256 of the release for each platform, see {@link platform}. */
  readonly sha256: Readonly<Record<string, string>>;
  /** The URL that Talos' releases are below, without a version. */
  readonly talosReleases: string;
  /** The URL of GitHub, where sops and task have their releases. */
  readonly githubReleases: string;
  /** The URL that the releases of Kubernetes are below, without a version. */
  readonly kubernetesReleases: string;
  /** The URL that the releases of etcd are below, without a version. */
  readonly etcdReleases: string;
  /** The URL of the provider registry. */
  readonly registry: string;
  readonly cloudflare: CloudflareUse;
  readonly talos: TalosUse;
}

/**
 * What the cloudflare provider is used with: not at all, with a Cloudflare API on this machine, or with a real account.
 * Only with an API on this machine may the stand-in take the provider's place.
 */
export type CloudflareUse = "unused" | "local" | "account";

/**
 * What the talos provider is used with: with nodes on this machine, or with others or none. Only with nodes on this
 * machine may the stand-in take the provider's place.
 */
export type TalosUse = "unused" | "local";

/** Talos nodes are on this machine where Proxmox VE is, by PROXMOX_VE_ENDPOINT. */
export const talosFor = ({ PROXMOX_VE_ENDPOINT: endpoint }: NodeJS.ProcessEnv): TalosUse =>
  isLoopback(endpoint) ? "local" : "unused";

/** Which Cloudflare API a stack with Cloudflare resources uses: "local" where CLOUDFLARE_BASE_URL is a loopback address. */
export function cloudflareFor(env: NodeJS.ProcessEnv): Exclude<CloudflareUse, "unused"> {
  return isLoopback(env.CLOUDFLARE_BASE_URL) ? "local" : "account";
}

function isLoopback(url = ""): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return /^(localhost|\[::1\]|127(\.\d+){3})$/.test(host);
}

/** An error that the user can act on. Its message says everything; no stack trace is needed. */
export class ToolchainError extends Error {
  override readonly name = "ToolchainError";
}

/** @default $XDG_CACHE_HOME/cdktf-proxmox-talos or the platform's equivalent */
export function defaultCacheDir(): string {
  // An ES module, for which Node starts a second loader; few commands get here.
  const { default: envPaths } = require("env-paths") as typeof import("env-paths");
  return envPaths("cdktf-proxmox-talos", { suffix: "" }).cache;
}

/** This platform as Go, OpenTofu's releases and provider mirrors name it: `linux_amd64`. */
export function platform(): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const os = process.platform === "win32" ? "windows" : process.platform;
  return `${os}_${arch}`;
}

/** Finds a program by its path, or by its name on PATH. @returns its absolute path, undefined where there is none */
export async function findProgram(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const candidates =
    isAbsolute(name) || name.includes("/")
      ? [resolve(name)]
      : (env.PATH ?? "")
          .split(delimiter)
          .filter(Boolean)
          .map((folder) => join(folder, name));
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/** A pre-release of the minimum itself counts as older. */
export const isAtLeast = (version: string, minimum: string): boolean =>
  version.localeCompare(minimum, "en", { numeric: true }) >= 0 && !version.startsWith(`${minimum}-`);

/** Reports `describe(elapsed)` every `heartbeatMs` until the work is done. */
export async function withHeartbeat<T>(
  context: ToolchainContext,
  describe: (elapsed: string) => string,
  work: () => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const timer = setInterval(
    () => context.report(describe(duration(Date.now() - started))),
    context.heartbeatMs,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** `4m 05s`, `12s` */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes}m ${String(seconds % 60).padStart(2, "0")}s` : `${seconds}s`;
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
