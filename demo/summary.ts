import { displayPath } from "../process/display-path";
import { table } from "../process/table";
import type { CloudflareStandIn } from "../stand-ins/cloudflare";
import type { RunningProxmox } from "../stand-ins/proxmox";
import type { Version } from "../state/store";
import type { Toolchain } from "../toolchain";
import type { AppliedVm } from "./applied-vms";
import type { Credentials } from "./cluster";
import type { DemoFolder } from "./folder";

export interface Summary {
  readonly source: string;
  /** The copy of `cluster.yaml` that was changed. */
  readonly copy: string;
  readonly vms: readonly AppliedVm[];
  /** The versions of the cluster's state, newest first. */
  readonly versions: readonly Version[];
  readonly toolchain: Toolchain;
  readonly proxmox: RunningProxmox;
  readonly cloudflare: CloudflareStandIn;
  /** Files with the credentials for Talos and Kubernetes; undefined if Talos is not configured. */
  readonly credentials?: Credentials;
  readonly hasKubernetes: boolean;
  readonly workerUrl: string;
  /** The user name for the Worker. */
  readonly owner: string;
  readonly folder: DemoFolder;
}

const MAX_VERSIONS = 5;

/** Prints what exists after the apply, and where it is. */
export function printSummary(summary: Summary): void {
  const {
    source,
    copy,
    vms,
    versions,
    toolchain,
    proxmox,
    cloudflare,
    credentials,
    hasKubernetes,
    workerUrl,
    owner,
    folder,
  } = summary;
  printTable([
    ["node", "role", "vm_id", "address", "host"],
    ...vms.map(({ name, role, vmId, address, host }) => [name, role, String(vmId), address, host]),
  ]);
  printTable([
    ["version", "serial", "size", "made", "by"],
    ...versions
      .slice(0, MAX_VERSIONS)
      .map(({ id, serial, size, createdAt, createdBy }) => [
        id,
        String(serial),
        `${size} B`,
        createdAt,
        createdBy ?? "",
      ]),
  ]);
  printTable([
    ["dashboard", `${workerUrl}/`],
    ["  name", owner],
    ["  password", `in ${displayPath(folder.password.path)}`],
    ["cluster", source],
    ["  its copy", `${displayPath(copy)}, which was changed; your files are as they were`],
    ["state", `${workerUrl}/states/proxmox, encrypted`],
    ["  passphrase", `in ${displayPath(folder.passphrase.path)}`],
    ["Proxmox API", `${proxmox.endpoint} (a stand-in: no VM runs)`],
    ["  its CA", displayPath(proxmox.caFile)],
    ["Cloudflare API", `${cloudflare.apiUrl} (a stand-in)`],
    ...(credentials
      ? [
          ["talosconfig", `${displayPath(credentials.talosconfig)} (the nodes are stand-ins: no Linux runs)`],
          [
            "kubeconfig",
            `${displayPath(credentials.kubeconfig)} (${hasKubernetes ? "a real API on this machine, without kubelets" : "no Kubernetes runs; see --kubernetes"})`,
          ],
        ]
      : []),
    ["stack", displayPath(folder.synthesized)],
    ["logs", displayPath(folder.logs)],
    ...toolchain.summary.map((line) => line.split(/: (.*)/).slice(0, 2)),
  ]);
}

function printTable([head = [], ...rows]: readonly (readonly string[])[]): void {
  console.log(`\n${table(head, rows).replace(/^/gm, "  ")}`);
}
