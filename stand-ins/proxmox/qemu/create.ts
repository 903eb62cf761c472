import { randomUUID } from "node:crypto";
import { failure, permissionDenied } from "../api/errors";
import { anyCaller } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import { type Guest, type GuestConfig, nowSeconds } from "../model";
import { allocateDrives, checkDrives } from "./allocate-drives";
import { bootOrder, defaultBootDevices } from "./boot-order";
import { checkBalloon } from "./config-checks";
import { CREATE_PARAMETERS } from "./config-parameters";
import { checkConfigPermissions } from "./config-permissions";
import { configValues } from "./config-values";
import { drivesOf } from "./drive";
import { startGuest } from "./lifecycle";

/** The newest QEMU that Proxmox VE 9 ships. */
const QEMU_VERSION = "10.1.2";

export const createRoute: Route = route({
  method: "POST",
  template: "/nodes/{node}/qemu",
  parameters: CREATE_PARAMETERS,
  permission: anyCaller,
  handle: ({ cluster, caller, path: { node }, params }) => {
    const { vmid } = params;
    const pool = params.pool === undefined ? undefined : String(params.pool);
    const { access } = cluster;
    if (params.archive !== undefined) throw failure("unable to restore: this stand-in keeps no backups");
    if (pool !== undefined && !cluster.state.pools[pool]) {
      throw permissionDenied(`pool '${pool}' does not exist`);
    }
    const mayAllocate =
      access.allows(caller, `/vms/${vmid}`, "VM.Allocate") ||
      (pool !== undefined && access.allows(caller, `/pool/${pool}`, "VM.Allocate"));
    if (!mayAllocate) throw permissionDenied();

    const config = configValues(params);
    const owner = { cluster, caller, node, vmid };
    checkDrives(owner, config);
    checkConfigPermissions({ access, caller, vmid, pool }, config);
    checkBalloon(config);

    const prefix = `unable to create VM ${vmid} -`;
    const taken = cluster.state.guests[vmid];
    if (taken) {
      const kind = taken.type === "qemu" ? "VM" : "CT";
      throw failure(`${prefix} ${kind} ${vmid} already exists on node '${taken.node}'`);
    }
    // From now on the ID is taken. The task completes the configuration.
    const guest: Guest = {
      vmid,
      type: "qemu",
      node,
      status: "stopped",
      config: { lock: "create" },
      pending: {},
    };
    cluster.state.guests[vmid] = guest;
    return cluster.tasks.run(
      { node, type: "qmcreate", id: vmid, caller, seconds: 2 },
      (log) => {
        try {
          guest.config = completeConfig(config, allocateDrives(owner, config, {}));
        } catch (error) {
          throw failure(`${prefix} ${(error as Error).message}`);
        }
        for (const [key] of drivesOf(config)) log(`${key}: successfully created disk '${guest.config[key]}'`);
        guest.pool = pool ?? awaitingPool(cluster, vmid);
        if (params.start === true) startGuest(cluster, guest);
      },
      () => delete cluster.state.guests[vmid],
    );
  },
});

/** The pool that the id was added to before there was such a VM. */
function awaitingPool({ state: { pools } }: Cluster, vmid: number): string | undefined {
  const [id, pool] = Object.entries(pools).find(([, { awaited }]) => awaited?.includes(vmid)) ?? [];
  if (pool) pool.awaited = pool.awaited?.filter((each) => each !== vmid);
  return id;
}

/** The configuration with the options that Proxmox VE adds to it. */
function completeConfig(config: GuestConfig, drives: GuestConfig): GuestConfig {
  const complete: GuestConfig = {
    ...config,
    ...drives,
    meta: `creation-qemu=${QEMU_VERSION},ctime=${nowSeconds()}`,
  };
  complete.boot ??= bootOrder(defaultBootDevices(complete));
  complete.smbios1 ??= `uuid=${randomUUID()}`;
  if (complete.vmgenid === undefined || complete.vmgenid === "1") complete.vmgenid = randomUUID();
  return complete;
}
