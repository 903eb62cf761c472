import { failure, parameterError } from "../api/errors";
import { splitList } from "../api/parameters";
import { anyCaller, requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { Pool } from "../model";

const poolid = {
  type: "string",
  required: true,
  pattern: "[A-Za-z0-9\\.\\-_]+(/[A-Za-z0-9\\.\\-_]+){0,2}",
} as const;
const mayAllocate = requires("/pool/{poolid}", "Pool.Allocate");

export const poolRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/pools",
    parameters: {
      poolid: { ...poolid, required: false },
      type: { type: "string", enum: ["qemu", "lxc", "storage"] },
    },
    permission: anyCaller,
    handle: ({ cluster, caller, params }) => {
      if (params.poolid === undefined) {
        return Object.entries(cluster.state.pools)
          .filter(([id]) => cluster.access.allows(caller, `/pool/${id}`, "Pool.Audit"))
          .map(([id, { comment }]) => ({ poolid: id, ...(comment === undefined ? {} : { comment }) }));
      }
      cluster.access.check(caller, `/pool/${params.poolid}`, ["Pool.Audit"]);
      const pool = find(cluster, params.poolid);
      return [
        {
          poolid: params.poolid,
          ...(pool.comment === undefined ? {} : { comment: pool.comment }),
          members: members(cluster, params.poolid).filter(
            ({ type }) => params.type === undefined || type === params.type,
          ),
        },
      ];
    },
  }),
  route({
    method: "GET",
    template: "/pools/{poolid}",
    permission: requires("/pool/{poolid}", "Pool.Audit"),
    handle: ({ cluster, path }) => {
      const { comment } = find(cluster, path.poolid);
      return { ...(comment === undefined ? {} : { comment }), members: members(cluster, path.poolid) };
    },
  }),
  route({
    method: "POST",
    template: "/pools",
    parameters: { poolid, comment: { type: "string" } },
    permission: mayAllocate,
    handle: ({ cluster, params }) => {
      if (cluster.state.pools[params.poolid]) {
        throw failure(`create pool failed: pool '${params.poolid}' already exists`);
      }
      cluster.state.pools[params.poolid] = { comment: params.comment, storages: [] };
      return null;
    },
  }),
  route({
    method: "PUT",
    template: "/pools",
    parameters: {
      poolid,
      comment: { type: "string" },
      vms: { type: "string" },
      storage: { type: "string" },
      delete: { type: "boolean" },
      "allow-move": { type: "boolean" },
    },
    permission: mayAllocate,
    handle: ({ cluster, caller, params }) => {
      const pool = find(cluster, params.poolid);
      if (params.comment !== undefined) pool.comment = params.comment;
      const membership = { cluster, poolid: params.poolid, remove: params.delete === true };
      for (const vmid of splitList(params.vms)) {
        cluster.access.check(caller, `/vms/${vmid}`, ["VM.Allocate"]);
        changeGuest(membership, vmid, params["allow-move"] === true);
      }
      for (const storage of splitList(params.storage)) {
        cluster.access.check(caller, `/storage/${storage}`, ["Datastore.Allocate"]);
        changeStorage(membership, pool, storage);
      }
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/pools",
    parameters: { poolid },
    permission: mayAllocate,
    handle: ({ cluster, params }) => {
      const pool = cluster.state.pools[params.poolid];
      if (!pool) throw failure(`delete pool failed: pool '${params.poolid}' does not exist`);
      const guests = members(cluster, params.poolid).flatMap(({ vmid }) =>
        vmid === undefined ? [] : [vmid],
      );
      guests.push(...(pool.awaited ?? []));
      if (guests.length > 0) {
        throw failure(
          `delete pool failed: pool '${params.poolid}' is not empty (contains VMs: ${guests.join(", ")})`,
        );
      }
      if (pool.storages.length > 0) {
        throw failure(
          `delete pool failed: pool '${params.poolid}' is not empty (contains storages: ${pool.storages.join(", ")})`,
        );
      }
      delete cluster.state.pools[params.poolid];
      return null;
    },
  }),
];

interface Membership {
  readonly cluster: Cluster;
  readonly poolid: string;
  readonly remove: boolean;
}

function changeGuest({ cluster, poolid, remove }: Membership, vmid: string, allowMove: boolean): void {
  const guest = cluster.state.guests[vmid];
  const pool = find(cluster, poolid);
  const isAwaited = pool.awaited?.includes(Number(vmid)) === true;
  if (remove && isAwaited) {
    pool.awaited = pool.awaited?.filter((each) => each !== Number(vmid));
    return;
  }
  if (remove) {
    if (guest?.pool !== poolid) throw failure(`update pools failed: VM ${vmid} is not a pool member`);
    delete guest.pool;
    return;
  }
  if (!guest && !isAwaited) {
    pool.awaited = [...(pool.awaited ?? []), Number(vmid)];
    return;
  }
  if (!guest || guest.pool === poolid)
    throw failure(`update pools failed: VM ${vmid} is already a pool member`);
  if (guest.pool !== undefined && !allowMove) {
    throw failure(
      `update pools failed: VM ${vmid} belongs already to pool '${guest.pool}' and allow-move is not set`,
    );
  }
  guest.pool = poolid;
}

function changeStorage({ cluster, remove }: Membership, pool: Pool, storage: string): void {
  if (!cluster.state.storages[storage])
    throw parameterError({ storage: `storage '${storage}' does not exist` });
  const isMember = pool.storages.includes(storage);
  if (remove !== isMember) {
    const state = remove ? "is not a pool member" : "is already a pool member";
    throw failure(`update pools failed: Storage '${storage}' ${state}`);
  }
  pool.storages = remove ? pool.storages.filter((each) => each !== storage) : [...pool.storages, storage];
}

function members(cluster: Cluster, poolid: string) {
  const node = Object.keys(cluster.state.hosts)[0] ?? "";
  const guests = Object.values(cluster.state.guests)
    .filter((guest) => guest.pool === poolid)
    .map((guest) => ({
      id: `${guest.type}/${guest.vmid}`,
      type: guest.type as string,
      node: guest.node,
      vmid: guest.vmid as number | undefined,
      name: guest.config.name,
      status: guest.status,
    }));
  const storages = (cluster.state.pools[poolid]?.storages ?? []).map((storage) => ({
    id: `storage/${node}/${storage}`,
    type: "storage",
    node,
    storage,
    vmid: undefined,
  }));
  return [...guests, ...storages];
}

function find(cluster: Cluster, id: string): Pool {
  const pool = cluster.state.pools[id];
  if (!pool) throw failure(`pool '${id}' does not exist`);
  return pool;
}
