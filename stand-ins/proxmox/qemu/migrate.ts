import { failure, parameterError } from "../api/errors";
import { requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import { requestMigration } from "../ha/manager";
import type { Guest } from "../model";
import { storageOf } from "../storage/volumes";
import { drivesOf, volumeOf } from "./drive";
import { migrateGuest } from "./migration";

const flag = { type: "boolean" } as const;

export const migrateRoute: Route = route({
  method: "POST",
  template: "/nodes/{node}/qemu/{vmid}/migrate",
  parameters: {
    target: { type: "string", required: true },
    online: flag,
    "with-local-disks": flag,
    "with-conntrack-state": flag,
    force: flag,
    bwlimit: { type: "integer", minimum: 0 },
    migration_network: { type: "string" },
    migration_type: { type: "string", enum: ["secure", "insecure"] },
    targetstorage: { type: "string" },
  },
  permission: requires("/vms/{vmid}", "VM.Migrate"),
  handle: ({ cluster, caller, path: { node, vmid }, params }) => {
    const { target } = params;
    if (target === node) throw parameterError({ target: "target is local node." });
    if (!cluster.state.hosts[target]) throw failure(`no such cluster node '${target}'`);
    cluster.assertReachable(target);
    const guest = cluster.lockedVm(node, vmid);
    if (guest.status === "running" && !params.online) {
      throw failure("can't migrate running VM without --online");
    }
    assertStorages(cluster, guest, target);
    const migration = { target, withLocalDisks: params["with-local-disks"] === true };
    if (cluster.isHaManaged(guest.vmid)) {
      return cluster.tasks.run({ node, type: "hamigrate", id: vmid, caller, seconds: 5 }, (log) => {
        log(`Requesting HA migration for VM ${vmid} to node ${target}`);
        // A stopped VM moves only when it is started.
        requestMigration(cluster, `vm:${vmid}`, target);
      });
    }
    return cluster.tasks.run({ node, type: "qmigrate", id: vmid, caller, seconds: 5 }, (log) =>
      migrateGuest(cluster, cluster.lockedVm(node, vmid), migration, log),
    );
  },
});

function assertStorages(cluster: Cluster, guest: Guest, target: string): void {
  for (const [, drive] of drivesOf(guest.config)) {
    const id = volumeOf(drive);
    if (id !== undefined) cluster.volumes.storage(storageOf(id), target);
  }
}
