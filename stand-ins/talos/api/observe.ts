import type { EventsRequest, ReadRequest } from "../protocol/messages";
import { ADMIN, method, READERS } from "./method";
import { RpcError } from "./rpc-error";

export const events = method<EventsRequest>(READERS, ({ node, signal }, request) =>
  node.events.watch(request, signal),
);

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** Of the files of a node there is one, by which clients see that it has booted. */
export const read = method<ReadRequest>(
  ADMIN,
  async function* ({ node }, { path }) {
    if (path !== BOOT_ID) throw new RpcError("NOT_FOUND", `stat ${path}: no such file or directory`);
    yield { bytes: Buffer.from(`${node.state.bootId}\n`) };
  },
  ({ path }) => path,
);
