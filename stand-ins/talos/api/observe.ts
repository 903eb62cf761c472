import type { EventsRequest, ReadRequest } from "../protocol/messages";
import { ADMIN, READERS } from "./caller";
import { method } from "./method";
import { RpcError } from "./rpc-error";

export const events = method<EventsRequest>(READERS, ({ node, signal }, request) =>
  node.events.watch(request, signal),
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
