import { anyCaller, requires } from "../api/permission";
import { type Route, route } from "../api/route";
import { MIB, parseSize } from "../api/sizes";
import type { Cluster } from "../cluster";
import { type Guest, nowSeconds } from "../model";
import { memoryMiB } from "./config-values";
import { drivesOf, isCdrom, parseDrive } from "./drive";

export const statusRoutes: readonly Route[] = [
  list("qemu"),
  list("lxc"),
  route({
    method: "GET",
    template: "/nodes/{node}/qemu/{vmid}/status/current",
    permission: requires("/vms/{vmid}", "VM.Audit"),
    handle: ({ cluster, path }) => {
      const guest = cluster.vm(path.node, path.vmid);
      const agent = /(?:^|enabled=)1/.test(String(guest.config.agent ?? ""));
      return {
        ...summary(guest),
        qmpstatus: guest.status,
        ha: haStatus(cluster, guest),
        ...(agent ? { agent: 1 } : {}),
      };
    },
  }),
];

function list(type: Guest["type"]): Route {
  return route({
    method: "GET",
    template: `/nodes/{node}/${type}`,
    parameters: { full: { type: "boolean" } },
    permission: anyCaller,
    handle: ({ cluster, caller, path }) =>
      Object.values(cluster.state.guests)
        .filter((guest) => guest.type === type && guest.node === path.node)
        .filter(({ vmid }) => cluster.access.allows(caller, `/vms/${vmid}`, "VM.Audit"))
        .map(summary),
  });
}

/** The values of the running configuration that lists and the status have in common. */
export function summary(guest: Guest) {
  const { config } = guest;
  const isRunning = guest.status === "running";
  const memory = memoryMiB(config) * MIB;
  return {
    vmid: guest.vmid,
    name: String(config.name ?? config.hostname ?? `VM ${guest.vmid}`),
    status: guest.status,
    cpus: Number(config.cores ?? 1) * Number(config.sockets ?? 1),
    cpu: 0,
    maxmem: memory,
    mem: isRunning ? Math.floor(memory / 2) : 0,
    maxdisk: bootDiskBytes(guest),
    disk: 0,
    uptime: guest.started === undefined ? 0 : nowSeconds() - guest.started,
    ...(guest.pid === undefined ? {} : { pid: guest.pid }),
    ...(config.tags ? { tags: config.tags } : {}),
    ...(config.lock ? { lock: config.lock } : {}),
    ...(config.template ? { template: 1 } : {}),
  };
}

function bootDiskBytes({ config }: Guest): number {
  const order = /order=([^,]*)/.exec(String(config.boot ?? ""))?.[1]?.split(";") ?? [];
  const disks = drivesOf(config).filter(([, drive]) => !isCdrom(drive));
  const boot = order.find((key) => disks.some(([name]) => name === key)) ?? disks[0]?.[0];
  const drive = boot === undefined ? undefined : parseDrive(String(config[boot]));
  return parseSize(drive?.options.size ?? "") ?? 0;
}

function haStatus(cluster: Cluster, { vmid }: Guest) {
  const state = haState(cluster, `vm:${vmid}`);
  return state === undefined ? { managed: 0 } : { managed: 1, state };
}

/** How often the HA manager acts on a real cluster. */
const MANAGER_ROUND_MS = 10_000;

/** The state of an HA resource: null before the manager has seen it, undefined where there is none. */
export function haState(cluster: Cluster, sid: string): string | null | undefined {
  const resource = cluster.state.ha.resources[sid];
  if (!resource) return undefined;
  const isSeen = Date.now() - (resource.addedAt ?? 0) >= MANAGER_ROUND_MS * cluster.timeScale;
  return isSeen ? resource.state : null;
}
