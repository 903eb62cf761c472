import { failure } from "../api/errors";
import { requires } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import { reconcile } from "../ha/manager";
import type { Guest } from "../model";
import { startGuest, stopGuest } from "./lifecycle";

const timeout = { type: "integer", minimum: 0 } as const;
const flag = { type: "boolean" } as const;
const mayPower = requires("/vms/{vmid}", "VM.PowerMgmt");

type PowerCall = Call<"node" | "vmid", unknown>;

export const powerRoutes: readonly Route[] = [
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/status/start",
    parameters: {
      "force-cpu": { type: "string" },
      machine: { type: "string" },
      skiplock: flag,
      targetstorage: { type: "string" },
      timeout,
    },
    permission: mayPower,
    handle: (call) => {
      const guest = call.cluster.vm(call.path.node, call.path.vmid);
      if (isManaged(call.cluster, guest)) {
        return request(call, "hastart", guest, "started");
      }
      if (guest.status === "running") throw failure(`VM ${guest.vmid} already running`);
      return worker(call, "qmstart", 1.5, () =>
        startGuest(call.cluster, call.cluster.lockedVm(guest.node, guest.vmid)),
      );
    },
  }),
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/status/stop",
    parameters: { keepActive: flag, "overrule-shutdown": flag, skiplock: flag, timeout },
    permission: mayPower,
    handle: (call) => stop(call, "qmstop", 1),
  }),
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/status/shutdown",
    parameters: { forceStop: flag, keepActive: flag, skiplock: flag, timeout },
    permission: mayPower,
    handle: (call) => stop(call, "qmshutdown", 3),
  }),
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/status/reboot",
    parameters: { timeout },
    permission: mayPower,
    handle: (call) => {
      const guest = call.cluster.vm(call.path.node, call.path.vmid);
      if (guest.status !== "running") throw failure(`VM ${guest.vmid} not running`);
      return worker(call, "qmreboot", 4, () => {
        stopGuest(guest);
        startGuest(call.cluster, guest);
      });
    },
  }),
];

function stop(call: PowerCall, type: string, seconds: number): string {
  const guest = call.cluster.vm(call.path.node, call.path.vmid);
  if (isManaged(call.cluster, guest)) {
    return request(call, "hastop", guest, "stopped");
  }
  return worker(call, type, seconds, () => {
    call.cluster.lockedVm(guest.node, guest.vmid);
    stopGuest(guest);
  });
}

const isManaged = (cluster: Cluster, guest: Guest): boolean => cluster.isHaManaged(guest.vmid);

/** For a VM that HA manages, only the requested state is changed; the HA manager then starts or stops the VM. */
function request(call: PowerCall, type: string, guest: Guest, state: string): string {
  return worker(call, type, 1, () => {
    const resource = call.cluster.state.ha.resources[`vm:${guest.vmid}`];
    if (resource) resource.state = state;
    reconcile(call.cluster);
  });
}

function worker(
  { cluster, caller, path }: PowerCall,
  type: string,
  seconds: number,
  work: () => void,
): string {
  return cluster.tasks.run({ node: path.node, type, id: path.vmid, caller, seconds }, work);
}
