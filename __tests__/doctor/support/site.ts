import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFromEnv } from "../../../config";
import { CHECKS, type Check, ProxmoxReadings, runChecks, type Site, StateReadings } from "../../../doctor";
import type { Line } from "../../../doctor/line";
import { apiOptionsFrom, ProxmoxApi } from "../../../proxmox/api";
import { loadProject } from "../../../state/project";
import { VALID } from "../../config/support/cluster";

export interface SiteProps {
  /** Lines at the end of the smallest cluster.yaml, or another one. */
  readonly yaml?: string | ((valid: string) => string);
  readonly env?: NodeJS.ProcessEnv;
  readonly more?: Partial<Site>;
}

const folders: string[] = [];

/** A site on which nothing is wrong, unless the test says so: `more` replaces what the checks look at. */
export function site({ yaml = "", env = {}, more = {} }: SiteProps = {}): Site {
  const folder = mkdtempSync(join(tmpdir(), "doctor-test-"));
  folders.push(folder);
  const file = join(folder, "cluster.yaml");
  writeFileSync(file, typeof yaml === "string" ? VALID + yaml : yaml(VALID));
  const all: NodeJS.ProcessEnv = { HOME: folder, ...env, CLUSTER_CONFIG: file };
  const cluster = loadFromEnv({ env: all });
  const project = loadProject(all, folder);
  return {
    cluster,
    project,
    env: all,
    proxmox: new ProxmoxReadings(
      () => new ProxmoxApi(apiOptionsFrom(all as NodeJS.ProcessEnv, cluster.config.proxmox)),
    ),
    state: new StateReadings(project),
    tools: {
      openTofu: async () => ({ path: "/bin/tofu", version: "1.12.6", origin: "PATH" }),
      talosctl: async () => ({ path: "/bin/talosctl", version: "1.13.9", origin: "PATH" }),
      kubectl: async () => undefined,
    },
    probe: async () => false,
    factoryUrl: "http://127.0.0.1:1",
    now: () => new Date(),
    nodeVersion: "v22.23.3",
    ...more,
  };
}

export function removeSites(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** The lines of one check, as people read them: `fail the reason → the fix`. */
export async function linesOf(name: string, at: Site): Promise<readonly string[]> {
  const check = CHECKS.find((each) => each.name === name);
  if (!check) throw new Error(`no check ${name}`);
  return linesOfCheck(check, at);
}

export async function linesOfCheck(check: Check, at: Site): Promise<readonly string[]> {
  const [finding] = await runChecks({ checks: [check], site: at });
  return (finding?.lines ?? []).map(asText);
}

export const asText = ({ status, text, fix }: Line): string =>
  `${status} ${text}${fix === undefined ? "" : ` → ${fix}`}`;
