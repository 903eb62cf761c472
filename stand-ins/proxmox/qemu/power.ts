import { failure } from "../api/errors";
import { requires } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import { reconcile } from "../ha/manager";
import type { Guest } from "../model";
import type { TaskLog } from "../tasks";
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
      const { cluster, path } = call;
      const managed = cluster.state.guests[path.vmid];
      if (managed && isManaged(cluster, managed)) return request(call, "hastart", managed, "started");
      // Everything else is checked by the task.
      return worker(call, "qmstart", 1.5, () => {
        const guest = cluster.lockedVm(path.node, path.vmid);
        if (guest.status === "running") throw failure(`VM ${guest.vmid} already running`);
        startGuest(cluster, guest);
      });
    },
  }),
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/status/stop",
    parameters: { keepActive: flag, "overrule-shutdown": flag, skiplock: flag, timeout },
    permission: mayPower,
    handle: (call) => stop(call, "qmstop", 1, () => undefined),
  }),
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/status/shutdown",
    parameters: { forceStop: flag, keepActive: flag, skiplock: flag, timeout },
    permission: mayPower,
    handle: (call) =>
      stop(call, "qmshutdown", 3, (guest, log) => {
        if (!call.params.forceStop) assertShutsDown(call.cluster, guest);
        else if (call.cluster.faults.ignoresShutdown(guest.vmid)) {
          log("VM quit/powerdown failed - terminating now with SIGTERM");
        }
      }),
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
        assertShutsDown(call.cluster, guest);
        stopGuest(guest);
        startGuest(call.cluster, guest);
      });
    },
  }),
];

function stop(
  call: PowerCall,
  type: string,
  seconds: number,
  ask: (guest: Guest, log: TaskLog) => void,
): string {
  const guest = call.cluster.vm(call.path.node, call.path.vmid);
  if (isManaged(call.cluster, guest)) {
    return request(call, "hastop", guest, "stopped");
  }
  return worker(call, type, seconds, (log) => {
    call.cluster.lockedVm(guest.node, guest.vmid);
    if (guest.status === "running") ask(guest, log);
    stopGuest(guest);
  });
}

/** @throws ApiError 500 for a guest that does not answer */
function assertShutsDown(cluster: Cluster, { vmid }: Guest): void {
  if (cluster.faults.ignoresShutdown(vmid)) throw failure("VM quit/powerdown failed - got timeout");
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
  work: (log: TaskLog) => void,
): string {
  return cluster.tasks.run({ node: path.node, type, id: path.vmid, caller, seconds }, work);
}
