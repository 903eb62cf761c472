import { ApiError } from "../api/errors";
import { anyCaller } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Task } from "../model";

export const taskRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/nodes/{node}/tasks/{upid}/status",
    permission: anyCaller,
    handle: (call) => {
      const { log: _log, endtime: _endtime, ...task } = readable(call);
      const [, , pid = "0", pstart = "0"] = task.upid.split(":");
      const [user, tokenid] = task.user.split("!");
      return {
        ...task,
        user,
        ...(tokenid === undefined ? {} : { tokenid }),
        pid: Number.parseInt(pid, 16),
        pstart: Number.parseInt(pstart, 16),
      };
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/tasks/{upid}/log",
    parameters: { start: { type: "integer", minimum: 0 }, limit: { type: "integer", minimum: 0 } },
    permission: anyCaller,
    handle: (call) => {
      const { start = 0, limit = 50 } = call.params;
      return readable(call)
        .log.slice(start, start + limit)
        .map((line, index) => ({ n: start + index + 1, t: line }));
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/tasks",
    parameters: { vmid: { type: "integer" }, limit: { type: "integer", minimum: 0 } },
    permission: anyCaller,
    handle: ({ cluster, caller, path, params }) =>
      Object.values(cluster.state.tasks)
        .filter((task) => task.node === path.node)
        .filter((task) => params.vmid === undefined || task.id === String(params.vmid))
        .filter(
          (task) =>
            task.user === caller.id || cluster.access.allows(caller, `/nodes/${path.node}`, "Sys.Audit"),
        )
        .slice(-(params.limit ?? 50))
        .map(({ log: _log, status: _status, exitstatus, ...task }) => ({ ...task, status: exitstatus })),
  }),
];

/** The task of a call, if it is the caller's own or the caller may audit the host. @throws ApiError 403, 500 */
function readable({ cluster, caller, path }: Call<"node" | "upid", unknown>): Task {
  const task = cluster.tasks.get(path.node, path.upid);
  const isOwn = task.user === caller.id || task.user === caller.userId;
  if (!isOwn && !cluster.access.allows(caller, `/nodes/${path.node}`, "Sys.Audit")) {
    throw new ApiError(403, `Permission check failed (/nodes/${path.node}, Sys.Audit)`);
  }
  return task;
}
