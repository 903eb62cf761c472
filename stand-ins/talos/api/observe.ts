import { once } from "node:events";
import type { DmesgRequest, EventsRequest, LogsRequest, ReadRequest } from "../protocol/messages";
import { ADMIN, READERS } from "./caller";
import { method } from "./method";
import { RpcError } from "./rpc-error";
import { servicesOf } from "./status";

export const events = method<EventsRequest>(READERS, ({ node, signal }, request) =>
  node.events.watch(request, signal),
);

/** The log of the kernel: one line. */
export const dmesg = method<DmesgRequest>(READERS, async function* ({ node, signal }, { follow }) {
  yield { bytes: Buffer.from(`kern: notice: Talos ${node.version} (stand-in)\n`) };
  if (follow && !signal.aborted) await once(signal, "abort");
});

/** The log of a service: one line. */
export const logs = method<LogsRequest>(
  READERS,
  async function* ({ machines, node, signal }, { id, follow, tailLines }) {
    const service = servicesOf(machines, node).find((running) => running.id === id);
    if (!service) throw new RpcError("UNKNOWN", `log "${id}" was not registered`);
    if (tailLines !== 0) yield { bytes: Buffer.from(`${id} is ${service.state} (stand-in)\n`) };
    if (follow && !signal.aborted) await once(signal, "abort");
  },
  ({ id }) => id,
);

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** Reads the boot ID, by which clients see that a node has rebooted. No other file of a node exists here. */
export const read = method<ReadRequest>(
  ADMIN,
  async function* ({ node }, { path }) {
    if (path !== BOOT_ID) throw new RpcError("NOT_FOUND", `stat ${path}: no such file or directory`);
    yield { bytes: Buffer.from(`${node.state.bootId}\n`) };
  },
  ({ path }) => path,
);
