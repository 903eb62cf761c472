import type { Node } from "../node/node";
import { READERS } from "./caller";
import { method } from "./method";

/** More than Talos requires. */
const MEMORY_KIB = 4 * 1024 * 1024;
export const DISK_BYTES = 64 * 1024 ** 3;

export const version = method<object>(READERS, ({ node }) => ({
  messages: [
    {
      version: { tag: node.state.version, sha: "stand-in", os: "linux", arch: "amd64" },
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

export const serviceList = method<object>(READERS, ({ node }) => ({
  messages: [{ services: services(node) }],
}));

const ALWAYS = ["apid", "containerd", "machined", "syslogd", "udevd"];

function services(node: Node): readonly object[] {
  const running = [...ALWAYS, ...(node.config?.main ? ["cri", "kubelet"] : [])];
  if (!node.isControlPlane) return running.map((id) => service(id, true));
  return [
    ...[...running, "trustd"].map((id) => service(id, true)),
    service("etcd", node.state.etcdMember !== undefined),
  ];
}

function service(id: string, up: boolean): object {
  const ts = { seconds: Math.floor(Date.now() / 1000) };
  const state = up ? "Running" : "Preparing";
  const msg = up ? "Health check successful" : "Running pre state";
  return {
    id,
    state,
    events: { events: [{ msg, state, ts }] },
    health: { unknown: !up, healthy: up, lastMessage: "", lastChange: ts },
  };
}
