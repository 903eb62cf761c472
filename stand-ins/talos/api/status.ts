import type { Machines } from "../machines";
import type { Node } from "../node/node";
import type { ServiceRequest } from "../protocol/messages";
import { OPERATORS, READERS } from "./caller";
import { method } from "./method";
import { RpcError } from "./rpc-error";

/** More than Talos requires. */
const MEMORY_KIB = 4 * 1024 * 1024;
export const DISK_BYTES = 64 * 1024 ** 3;

export const version = method<object>(READERS, ({ node }) => ({
  messages: [
    {
      version: { tag: node.version, sha: "stand-in", os: "linux", arch: "amd64" },
      platform: { name: node.platform, mode: node.platform === "metal" ? "metal" : "cloud" },
      ...(node.config && { features: { rbac: true } }),
    },
  ],
}));

export const disks = method<object>(READERS, ({ node }) => ({
  messages: [
    {
      disks: [
        {
          deviceName: "/dev/sda",
          size: String(DISK_BYTES),
          model: "QEMU HARDDISK",
          systemDisk: node.state.installed,
        },
      ],
    },
  ],
}));

export const memory = method<object>(READERS, () => ({
  messages: [{ meminfo: { memtotal: MEMORY_KIB, memfree: MEMORY_KIB / 2, memavailable: MEMORY_KIB / 2 } }],
}));

export const serviceList = method<object>(READERS, ({ machines, node }) => ({
  messages: [{ services: servicesOf(machines, node) }],
}));

/** Starts, stops or restarts nothing: services are only names here. As on a real node, most of them refuse it. */
const changeService = (operation: "start" | "stop" | "restart", done: string, allowed: readonly string[]) =>
  method<ServiceRequest>(
    OPERATORS,
    ({ machines, node }, { id }) => {
      if (!servicesOf(machines, node).some((service) => service.id === id)) {
        throw new RpcError("UNKNOWN", `service "${id}" not defined`);
      }
      if (!allowed.includes(id)) {
        throw new RpcError("UNKNOWN", `service "${id}" doesn't support ${operation} operation via API`);
      }
      return { messages: [{ resp: `Service "${id}" ${done}` }] };
    },
    ({ id }) => id,
  );
export const serviceRestart = changeService("restart", "restarted", ["kubelet"]);
export const serviceStart = changeService("start", "started", ["kubelet"]);
export const serviceStop = changeService("stop", "stopped", []);

/** The clock of this machine, which needs no server. */
export const time = method<object>(READERS, () => {
  const now = { seconds: Math.floor(Date.now() / 1000), nanos: 0 };
  return { messages: [{ server: "time.cloudflare.com", localtime: now, remotetime: now }] };
});

const ALWAYS = ["apid", "containerd", "machined", "syslogd", "udevd"];

export function servicesOf(machines: Machines, node: Node): readonly Service[] {
  const configured = ["cri", "kubelet"].filter((id) => id !== node.restarting);
  const running = [...ALWAYS, ...(node.config?.main ? configured : [])];
  if (!node.isControlPlane) return running.map((id) => service(id, true));
  return [
    ...[...running, "trustd"].map((id) => service(id, true)),
    service("etcd", machines.etcd.isMember(node), machines.etcd.hasQuorum(node)),
  ];
}

export interface Service {
  readonly id: string;
  /** `Running`, or what keeps it from running. */
  readonly state: string;
  readonly healthy: boolean;
  readonly events: object;
  readonly health: object;
}

function service(id: string, up: boolean, healthy = up): Service {
  const ts = { seconds: Math.floor(Date.now() / 1000) };
  const state = up ? "Running" : "Preparing";
  const msg = up ? "Health check successful" : "Running pre state";
  return {
    id,
    state,
    healthy,
    events: { events: [{ msg, state, ts }] },
    health: { unknown: !up, healthy, lastMessage: "", lastChange: ts },
  };
}
