import { createHash } from "node:crypto";
import { failure } from "../api/errors";
import { DIGEST } from "../api/parameters";
import { requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { HaResource } from "../model";
import { reconcile, removeHaResource, requestMigration, vmidOf } from "./manager";

const mayRead = requires("/", "Sys.Audit");
const mayChange = requires("/", "Sys.Console");

const STATES = ["started", "stopped", "enabled", "disabled", "ignored"] as const;
const settings = {
  comment: { type: "string", maxLength: 4096 },
  failback: { type: "boolean" },
  group: { type: "string" },
  max_relocate: { type: "integer", minimum: 0 },
  max_restart: { type: "integer", minimum: 0 },
  state: { type: "string", enum: STATES },
} as const;

export const haResourceRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/cluster/ha/resources",
    parameters: { type: { type: "string", enum: ["ct", "vm"] } },
    permission: mayRead,
    handle: ({ cluster, params }) =>
      Object.keys(cluster.state.ha.resources)
        .map((sid) => readResource(cluster, sid))
        .filter(({ type }) => params.type === undefined || type === params.type),
  }),
  route({
    method: "POST",
    template: "/cluster/ha/resources",
    parameters: {
      ...settings,
      sid: { type: "string", required: true, pattern: "(?:(?:vm|ct):)?\\d+" },
      type: { type: "string", enum: ["ct", "vm"] },
    },
    permission: mayChange,
    handle: ({ cluster, params }) => {
      const sid = parseSid(params.sid);
      if (params.type && !sid.startsWith(`${params.type}:`)) throw failure("types does not match");
      refuseGroup(params.group);
      if (!cluster.state.guests[vmidOf(sid)]) {
        throw failure(`resource '${sid}' does not exist in cluster`);
      }
      if (cluster.state.ha.resources[sid]) {
        throw failure(`create resource failed: resource ID '${sid}' already defined`);
      }
      const { sid: _sid, type: _type, group: _group, ...given } = params;
      cluster.state.ha.resources[sid] = { state: "started", ...given, addedAt: Date.now() };
      reconcile(cluster);
      return null;
    },
  }),
  route({
    method: "GET",
    template: "/cluster/ha/resources/{sid}",
    permission: mayRead,
    handle: ({ cluster, path }) => readResource(cluster, parseSid(path.sid)),
  }),
  route({
    method: "PUT",
    template: "/cluster/ha/resources/{sid}",
    parameters: { ...settings, delete: { type: "string" }, digest: DIGEST },
    permission: mayChange,
    handle: ({ cluster, path, params }) => {
      const sid = parseSid(path.sid);
      const resource = cluster.state.ha.resources[sid];
      if (!resource) throw failure(`update resources config failed: no such resource '${sid}'`);
      refuseGroup(params.group);
      const { delete: removed, digest: _digest, group: _group, ...given } = params;
      Object.assign(resource, given);
      for (const name of removed?.split(",") ?? []) delete resource[name as keyof HaResource];
      resource.state ??= "started";
      reconcile(cluster);
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/cluster/ha/resources/{sid}",
    parameters: { purge: { type: "boolean" } },
    permission: mayChange,
    handle: ({ cluster, path, params }) => {
      const sid = parseSid(path.sid);
      if (!cluster.state.ha.resources[sid]) throw failure(`cannot delete service '${sid}', not HA managed!`);
      if (params.purge ?? true) removeHaResource(cluster, sid);
      else delete cluster.state.ha.resources[sid];
      return null;
    },
  }),
  route({
    method: "POST",
    template: "/cluster/ha/resources/{sid}/migrate",
    parameters: { node: { type: "string", required: true } },
    permission: mayChange,
    handle: ({ cluster, path, params }) => {
      const sid = parseSid(path.sid);
      find(cluster, sid);
      if (!cluster.state.hosts[params.node]) throw failure(`no such cluster node '${params.node}'`);
      const blocking = requestMigration(cluster, sid, params.node).map((other) => ({
        sid: other,
        cause: "resource-affinity",
      }));
      return {
        sid,
        "requested-node": params.node,
        ...(blocking.length > 0 ? { "blocking-resources": blocking } : {}),
      };
    },
  }),
  route({
    method: "GET",
    template: "/cluster/ha/status/current",
    permission: mayRead,
    handle: ({ cluster }) => [
      { id: "quorum", type: "quorum", status: "OK", quorate: 1, node: Object.keys(cluster.state.hosts)[0] },
      ...Object.entries(cluster.state.ha.resources).map(([sid, resource]) => ({
        id: `service:${sid}`,
        type: "service",
        sid,
        state: resource.state,
        request_state: resource.state,
        node: cluster.state.guests[vmidOf(sid)]?.node,
        status: resource.state,
      })),
    ],
  }),
];

/** `301` is `vm:301`. */
export const parseSid = (text: string): string => (/^\d+$/.test(text) ? `vm:${text}` : text);

function find(cluster: Cluster, sid: string): HaResource {
  const resource = cluster.state.ha.resources[sid];
  if (!resource) throw failure(`no such resource '${sid}'`);
  return resource;
}

function readResource(cluster: Cluster, sid: string) {
  const resource = find(cluster, sid);
  const { failback, addedAt: _addedAt, ...rest } = resource;
  return {
    sid,
    type: sid.split(":")[0],
    ...rest,
    ...(failback === undefined ? {} : { failback: failback ? 1 : 0 }),
    digest: createHash("sha1").update(JSON.stringify(cluster.state.ha.resources)).digest("hex"),
  };
}

function refuseGroup(group: string | undefined): void {
  if (group !== undefined) throw failure("invalid parameter 'group': ha groups have been migrated to rules");
}
