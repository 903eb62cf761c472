import { failure } from "../api/errors";
import { VMID } from "../api/parameters";
import { anyCaller, requires } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import { GIB } from "../api/sizes";
import type { Cluster } from "../cluster";
import type { Host } from "../model";
import { haState, summary } from "../qemu/status";

/** Every host has this size. */
const HOST_CPUS = 32;
const HOST_MEMORY = 256 * GIB;
const HOST_UPTIME = 864_000;

/** The commit that the release was made from; no client looks at it. */
const REPOSITORY_ID = "5ac30304265fbd8e";

export const clusterRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/version",
    permission: anyCaller,
    handle: ({ cluster: { version } }) => ({
      version,
      release: version.split(".").slice(0, 2).join("."),
      repoid: REPOSITORY_ID,
    }),
  }),
  route({
    method: "GET",
    template: "/nodes",
    permission: anyCaller,
    handle: ({ cluster }) =>
      Object.entries(cluster.state.hosts).map(([node, host]) => hostSummary(node, host)),
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/status",
    permission: requires("/nodes/{node}", "Sys.Audit"),
    handle: ({ cluster }) => {
      const used = Object.values(cluster.state.guests).length * GIB;
      return {
        cpu: 0.02,
        cpuinfo: {
          cores: HOST_CPUS / 2,
          cpus: HOST_CPUS,
          sockets: 1,
          model: "AMD EPYC 9124 16-Core Processor",
        },
        memory: { total: HOST_MEMORY, used, free: HOST_MEMORY - used },
        pveversion: `pve-manager/${cluster.version}/${REPOSITORY_ID}`,
        uptime: HOST_UPTIME,
      };
    },
  }),
  route({
    method: "GET",
    template: "/cluster/status",
    permission: requires("/", "Sys.Audit"),
    handle: ({ cluster }) => {
      const hosts = Object.entries(cluster.state.hosts);
      const online = hosts.filter(([, host]) => host.online).length;
      return [
        {
          type: "cluster",
          id: "cluster",
          name: "stand-in",
          nodes: hosts.length,
          quorate: online * 2 > hosts.length ? 1 : 0,
          version: hosts.length,
        },
        ...hosts.map(([name, host], index) => ({
          type: "node",
          id: `node/${name}`,
          name,
          nodeid: index + 1,
          online: host.online ? 1 : 0,
          local: index === 0 ? 1 : 0,
        })),
      ];
    },
  }),
  route({
    method: "GET",
    template: "/cluster/nextid",
    parameters: { vmid: VMID },
    permission: anyCaller,
    handle: ({ cluster, params }) => {
      const { guests } = cluster.state;
      if (params.vmid === undefined) {
        let next = 100;
        while (guests[next]) next += 1;
        return String(next);
      }
      if (guests[params.vmid]) throw failure(`VM ${params.vmid} already exists`);
      return String(params.vmid);
    },
  }),
  route({
    method: "GET",
    template: "/cluster/resources",
    parameters: { type: { type: "string", enum: ["vm", "storage", "node", "sdn"] } },
    permission: anyCaller,
    handle: (call) => {
      const wanted = (type: string) => call.params.type === undefined || call.params.type === type;
      return [
        ...(wanted("vm") ? guestResources(call) : []),
        ...(wanted("node") ? nodeResources(call.cluster) : []),
        ...(wanted("storage") ? storageResources(call) : []),
      ];
    },
  }),
];

type ListCall = Call<never, unknown>;

function guestResources({ cluster, caller }: ListCall) {
  return Object.values(cluster.state.guests)
    .filter(({ vmid }) => cluster.access.allows(caller, `/vms/${vmid}`, "VM.Audit"))
    .map((guest) => {
      const { type, node, vmid, pool } = guest;
      const { cpus, pid: _pid, ...rest } = summary(guest);
      const state = haState(cluster, `${type === "qemu" ? "vm" : "ct"}:${vmid}`);
      return {
        ...rest,
        id: `${type}/${vmid}`,
        type,
        node,
        vmid,
        maxcpu: cpus,
        memhost: rest.mem,
        ...{ netin: 0, netout: 0, diskread: 0, diskwrite: 0 },
        status: cluster.state.hosts[node]?.online ? guest.status : "unknown",
        template: guest.config.template ? 1 : 0,
        ...(pool === undefined ? {} : { pool }),
        ...(state == null ? {} : { hastate: state }),
      };
    });
}

const nodeResources = (cluster: Cluster) =>
  Object.entries(cluster.state.hosts).map(([node, host]) => ({ ...hostSummary(node, host), type: "node" }));

function storageResources({ cluster, caller }: ListCall) {
  return Object.entries(cluster.state.storages)
    .filter(([id]) => cluster.access.allows(caller, `/storage/${id}`, "Datastore.Audit"))
    .flatMap(([id, storage]) =>
      (storage.nodes ?? Object.keys(cluster.state.hosts)).map((node) => ({
        id: `storage/${node}/${id}`,
        type: "storage",
        storage: id,
        node,
        plugintype: storage.type,
        shared: storage.shared ? 1 : 0,
        status: cluster.state.hosts[node]?.online ? "available" : "unknown",
        maxdisk: storage.totalBytes,
        disk: cluster.volumes.usedBytes(id, node),
      })),
    );
}

function hostSummary(node: string, { online }: Host) {
  const base = { node, id: `node/${node}`, type: "node", ssl_fingerprint: "", level: "" };
  if (!online) return { ...base, status: "offline" };
  return {
    ...base,
    status: "online",
    cpu: 0.02,
    maxcpu: HOST_CPUS,
    mem: 4 * GIB,
    maxmem: HOST_MEMORY,
    uptime: HOST_UPTIME,
  };
}
