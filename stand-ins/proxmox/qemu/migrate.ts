import { failure, parameterError } from "../api/errors";
import { requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import { requestMigration } from "../ha/manager";
import type { Guest } from "../model";
import { storageOf } from "../storage/volumes";
import { drivesOf, isCdrom, volumeOf } from "./drive";
import { migrateGuest } from "./migration";

const flag = { type: "boolean" } as const;

export const migrateRoutes: readonly Route[] = [migrateRoute(), preconditionsRoute()];

function migrateRoute(): Route {
  return route({
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
}

/** What a client asks before it migrates: where to, and what would have to move along. */
function preconditionsRoute(): Route {
  return route({
    method: "GET",
    template: "/nodes/{node}/qemu/{vmid}/migrate",
    parameters: { target: { type: "string" } },
    permission: requires("/vms/{vmid}", "VM.Migrate"),
    handle: ({ cluster, path: { node, vmid } }) => {
      const guest = cluster.vm(node, vmid);
      const allowed: string[] = [];
      const refused: Record<string, { readonly unavailable_storages: readonly string[] }> = {};
      for (const [host, { online }] of Object.entries(cluster.state.hosts)) {
        if (host === node || !online) continue;
        const missing = storagesOf(guest).filter((id) => !isAvailable(cluster, id, host));
        if (missing.length === 0) allowed.push(host);
        else refused[host] = { unavailable_storages: missing };
      }
      const devices = Object.entries(guest.config).filter(([name]) => /^(?:hostpci|usb)\d+$/.test(name));
      const mapped = devices.filter(([, value]) => String(value).includes("mapping="));
      return {
        running: guest.status === "running" ? 1 : 0,
        allowed_nodes: allowed,
        not_allowed_nodes: refused,
        local_disks: localDisks(cluster, guest),
        local_resources: devices.filter((device) => !mapped.includes(device)).map(([name]) => name),
        "mapped-resources": mapped.map(([name]) => name),
        "has-dbus-vmstate": 1,
      };
    },
  });
}

function localDisks(cluster: Cluster, guest: Guest) {
  return drivesOf(guest.config).flatMap(([drivename, drive]) => {
    const id = volumeOf(drive);
    const volume = id === undefined ? undefined : cluster.volumes.find(id, guest.node);
    if (volume?.node === undefined) return [];
    const { id: volid, sizeBytes: size } = volume;
    return [{ volid, drivename, size, cdrom: isCdrom(drive) ? 1 : 0, is_attached: 1 }];
  });
}

const storagesOf = ({ config }: Guest): readonly string[] => [
  ...new Set(
    drivesOf(config)
      .flatMap(([, drive]) => volumeOf(drive) ?? [])
      .map(storageOf),
  ),
];

const isAvailable = ({ state }: Cluster, id: string, host: string): boolean =>
  state.storages[id]?.nodes?.includes(host) ?? state.storages[id] !== undefined;

function assertStorages(cluster: Cluster, guest: Guest, target: string): void {
  for (const id of storagesOf(guest)) cluster.volumes.storage(id, target);
}
