import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { minorOf } from "../../domain/talos-versions";
import { runGroup, tail } from "../../process/process-group";
import type { Check } from "../check";
import { fail, type Line, notChecked, pass, warn } from "../line";
import { isOurs } from "../our-vm";
import type { Site } from "../site";

const TIMEOUT_MS = 15_000;

export const clusterCheck: Check = {
  name: "cluster",
  about: "talosctl and kubectl against what the nodes run",
  async run(site) {
    const lines = await Promise.all([talosLines(site), kubernetesLines(site)]);
    return lines.flat();
  },
};

async function talosLines(site: Site): Promise<readonly Line[]> {
  const { env, tools, cluster } = site;
  const file = env.TALOSCONFIG || join(env.HOME || homedir(), ".talos/config");
  if (!existsSync(file)) return [await withoutFile(site, "talosconfig", file)];
  const talosctl = await tools.talosctl();
  if (!talosctl) return [notChecked("talosctl is not installed", "npm run toolchain")];
  const { nodes, talosVersion } = cluster.config;
  const addresses = nodes.map(({ address }) => address).join(",");
  const args = ["version", "--short", "--talosconfig", file, "-n", addresses];
  const { stdout, stderr } = await run(talosctl.path, args, env);
  const versions = nodeVersions(stdout);
  if (versions.size === 0) {
    return [
      fail(
        `no node tells talosctl its version: ${oneLine(stderr || stdout)}`,
        `check ${file}, and that the nodes run`,
      ),
    ];
  }
  return nodes.map(({ name, address }) => {
    const version = versions.get(address);
    if (version === undefined)
      return warn(`${name} does not tell talosctl its version`, `see that ${name} runs`);
    const text = `${name} runs Talos ${version}`;
    if (minorOf(talosctl.version) < minorOf(version)) {
      return fail(`${text}, and talosctl ${talosctl.version} is older`, `install talosctl ${version}`);
    }
    if (version === talosVersion) return pass(text);
    return warn(
      `${text}, and talos_version is ${talosVersion}`,
      "upgrade the node, or correct talos_version",
    );
  });
}

/** `NODE: 10.0.0.11` and `Tag: v1.13.0`, for each node. */
function nodeVersions(output: string): ReadonlyMap<string, string> {
  const server = output.slice(Math.max(0, output.indexOf("Server:")));
  const versions = new Map<string, string>();
  for (const part of server.split(/^\s*NODE:\s*/m).slice(1)) {
    const [address = ""] = part.split(/\s/);
    const [, version] = /\b(?:Tag:\s*|Talos )(v\d+\.\d+\.\d+\S*)/.exec(part) ?? [];
    if (version !== undefined) versions.set(address, version);
  }
  return versions;
}

const kubectlVersions = z.object({
  clientVersion: z.object({ gitVersion: z.string() }),
  serverVersion: z.object({ gitVersion: z.string() }).optional(),
});

async function kubernetesLines(site: Site): Promise<readonly Line[]> {
  const { env, tools, cluster } = site;
  const kubectl = await tools.kubectl();
  if (kubectl === undefined) return [notChecked("kubectl is not on PATH", "install kubectl")];
  const { stdout, stderr } = await run(kubectl, ["version", "-o", "json", "--request-timeout=10s"], env);
  const parsed = kubectlVersions.safeParse(jsonOf(stdout));
  if (!parsed.success)
    return [
      fail(`${kubectl} does not tell its version: ${oneLine(stderr || stdout)}`, "install kubectl again"),
    ];
  const client = parsed.data.clientVersion.gitVersion;
  const server = parsed.data.serverVersion?.gitVersion;
  const wanted = cluster.config.talos?.kubernetesVersion;
  const lines: Line[] = [];
  const against = server ?? wanted;
  // https://kubernetes.io/releases/version-skew-policy/#kubectl
  if (against !== undefined && Math.abs(minorOf(client) - minorOf(against)) > 1) {
    const what = server === undefined ? `kubernetes_version ${against}` : `the cluster, which runs ${server}`;
    lines.push(
      fail(`kubectl ${client} is more than one minor version from ${what}`, `install kubectl ${against}`),
    );
  } else lines.push(pass(`kubectl ${client}`));
  if (server === undefined) return [...lines, await noServer(site, stderr)];
  if (wanted === undefined || wanted === server) return [...lines, pass(`Kubernetes ${server}`)];
  return [
    ...lines,
    warn(
      `the cluster runs Kubernetes ${server}, and kubernetes_version is ${wanted}`,
      "upgrade Kubernetes, or correct kubernetes_version",
    ),
  ];
}

function noServer(site: Site, said: string): Promise<Line> {
  const files = site.env.KUBECONFIG?.split(delimiter).filter(Boolean) ?? [
    join(site.env.HOME || homedir(), ".kube/config"),
  ];
  if (!files.some((file) => existsSync(file))) return withoutFile(site, "kubeconfig", files.join(delimiter));
  return Promise.resolve(
    fail(
      `the Kubernetes API does not tell its version: ${oneLine(said)}`,
      "check KUBECONFIG, and that the control planes run",
    ),
  );
}

/** Without VMs, there is nothing to have a file for. */
async function withoutFile(
  { proxmox, cluster: { config } }: Site,
  what: string,
  file: string,
): Promise<Line> {
  const variable = what.toUpperCase();
  const guests = await proxmox.guests().catch(() => []);
  const runs = guests.some((guest) => config.nodes.some((node) => isOurs(guest, node, config.adopt)));
  if (!runs) return pass(`no VM of the cluster is there yet, so no ${what} is needed`);
  return notChecked(
    `there is no ${what} in ${file}`,
    `name the file in ${variable}; docs/talos.md says how to get it`,
  );
}

async function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  try {
    return await runGroup(file, args, { env, signal: AbortSignal.timeout(TIMEOUT_MS), graceMs: 1_000 });
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
    return { stdout: "", stderr: `no answer in ${TIMEOUT_MS / 1000} seconds` };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const oneLine = (text: string) => tail(text, 5).replace(/\s+/g, " ").trim();
