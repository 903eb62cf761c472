import { startReboot, startReset, startShutdown } from "../node/lifecycle";
import type { ResetRequest } from "../protocol/messages";
import { ADMIN, OPERATORS } from "./caller";
import { method } from "./method";
import { RpcError } from "./rpc-error";

export const reboot = method<object>(OPERATORS, ({ machines, node }) => ({
  messages: [{ actorId: startReboot(machines, node) }],
}));

export const shutdown = method<object>(OPERATORS, ({ machines, node }) => ({
  messages: [{ actorId: startShutdown(machines, node) }],
}));

/** Boots the version from before the last upgrade. */
export const rollback = method<object>(ADMIN, ({ machines, node }) => {
  if (node.state.previousImage === undefined) {
    throw new RpcError("UNKNOWN", "no previous version of Talos is on the disk");
  }
  node.revertImage();
  startReboot(machines, node);
  return { messages: [{}] };
});

/** Volumes that can be wiped by name. */
const VOLUMES = ["EPHEMERAL", "META", "STATE"];

export const reset = method<ResetRequest>(
  ADMIN,
  ({ machines, node }, request) => {
    const { mode, systemPartitionsToWipe, userDisksToWipe } = request;
    if (mode === "SYSTEM_DISK" && userDisksToWipe.length > 0) {
      throw new RpcError(
        "UNKNOWN",
        "reset failed: invalid input, wipe mode SYSTEM_DISK doesn't support UserDisksToWipe parameter",
      );
    }
    if (mode === "USER_DISKS" && systemPartitionsToWipe.length > 0) {
      throw new RpcError(
        "UNKNOWN",
        "reset failed: invalid input, wipe mode USER_DISKS doesn't support SystemPartitionsToWipe parameter",
      );
    }
    for (const { label } of systemPartitionsToWipe) {
      if (!VOLUMES.includes(label)) {
        throw new RpcError(
          "UNKNOWN",
          `failed to get volume status with label "${label}": resource doesn't exist`,
        );
      }
    }
    return { messages: [{ actorId: startReset(machines, node, request) }] };
  },
  ({ graceful, reboot: again, systemPartitionsToWipe }) =>
    [
      graceful && "graceful",
      again && "reboot",
      ...systemPartitionsToWipe.filter(({ wipe }) => wipe).map(({ label }) => label),
    ]
      .filter(Boolean)
      .join(","),
);
