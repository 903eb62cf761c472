import { failure, parameterError } from "../api/errors";
import { requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import { removeHaResource } from "../ha/manager";
import type { Guest } from "../model";

export const destroyRoute: Route = route({
  method: "DELETE",
  template: "/nodes/{node}/qemu/{vmid}",
  parameters: {
    purge: { type: "boolean" },
    "destroy-unreferenced-disks": { type: "boolean" },
    skiplock: { type: "boolean" },
  },
  permission: requires("/vms/{vmid}", "VM.Allocate"),
  handle: ({ cluster, caller, path: { node, vmid }, params }) => {
    if (params.skiplock && !cluster.access.isRoot(caller)) {
      throw parameterError({ skiplock: "Only root may use this option." });
    }
    assertDestroyable(cluster, cluster.vm(node, vmid), params.purge === true);
    return cluster.tasks.run({ node, type: "qmdestroy", id: vmid, caller, seconds: 1 }, (log) => {
      const guest = cluster.lockedVm(node, vmid);
      assertDestroyable(cluster, guest, params.purge === true);
      const referenced = Object.values({ ...guest.config, ...guest.pending }).map(
        (value) => String(value).split(",")[0],
      );
      for (const volume of cluster.volumes.ownedBy(guest.vmid)) {
        const isHere = volume.node === undefined || volume.node === node;
        if (isHere && (params["destroy-unreferenced-disks"] || referenced.includes(volume.id))) {
          cluster.volumes.free(volume);
          log(`removed volume '${volume.id}'`);
        }
      }
      if (params.purge) removeHaResource(cluster, `vm:${vmid}`);
      // Otherwise a new VM with the same ID would inherit the permissions.
      cluster.state.acl = cluster.state.acl.filter((entry) => entry.path !== `/vms/${vmid}`);
      delete cluster.state.guests[vmid];
    });
  },
});

function assertDestroyable(cluster: Cluster, guest: Guest, purge: boolean): void {
  const { vmid } = guest;
  if (guest.config.protection) throw failure(`can't remove VM ${vmid} - protection mode enabled`);
  if (!purge && cluster.state.ha.resources[`vm:${vmid}`]) {
    throw failure(`unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`);
  }
  if (guest.status === "running") throw failure(`VM ${vmid} is running - destroy failed`);
}
