import { failure, parameterError } from "../api/errors";
import { splitList } from "../api/parameters";
import { anyCaller, requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { NamedFormat } from "../api/value-check";
import { BUILT_IN_ROLES, isPrivilege } from "./privileges";

const flag = { type: "boolean" } as const;
const mayChangeRoles = requires("/access", "Sys.Modify");

const privileges: NamedFormat = (text) => {
  const unknown = splitList(text).find((name) => !isPrivilege(name));
  return unknown === undefined ? undefined : `invalid privilege '${unknown}'`;
};
const privs = { type: "string", format: privileges } as const;
const assertOwn = (id: string, verb: string) => {
  if (BUILT_IN_ROLES[id]) throw failure(`auto-generated role '${id}' cannot be ${verb}`);
};

export const roleRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/access/roles",
    permission: anyCaller,
    handle: ({ cluster }) => [
      ...Object.entries(BUILT_IN_ROLES).map(([roleid, each]) => ({
        roleid,
        special: 1,
        privs: [...each].sort().join(","),
      })),
      ...Object.entries(cluster.state.roles).map(([roleid, each]) => ({
        roleid,
        special: 0,
        privs: each.join(","),
      })),
    ],
  }),
  route({
    method: "POST",
    template: "/access/roles",
    parameters: { roleid: { type: "string", required: true, pattern: "[A-Za-z0-9.\\-_]+" }, privs },
    permission: mayChangeRoles,
    handle: ({ cluster, params }) => {
      const { roleid } = params;
      if (/^PVE/i.test(roleid)) {
        const text = "cannot use role ID starting with the (case-insensitive) 'PVE' namespace";
        throw parameterError({ roleid: text });
      }
      if (cluster.access.rolePrivileges(roleid)) {
        throw failure(`create role failed: role '${roleid}' already exists`);
      }
      cluster.state.roles[roleid] = parsePrivileges(params.privs);
      return null;
    },
  }),
  route({
    method: "GET",
    template: "/access/roles/{roleid}",
    permission: anyCaller,
    handle: ({ cluster, path }) => {
      const held = cluster.access.rolePrivileges(path.roleid);
      if (!held) throw failure(`role '${path.roleid}' does not exist`);
      return Object.fromEntries(held.map((privilege) => [privilege, 1]));
    },
  }),
  route({
    method: "PUT",
    template: "/access/roles/{roleid}",
    parameters: { privs, append: flag },
    permission: mayChangeRoles,
    handle: ({ cluster, path, params }) => {
      assertOwn(path.roleid, "modified");
      const held = cluster.state.roles[path.roleid];
      if (!held) throw failure(`role '${path.roleid}' does not exist`);
      const given = parsePrivileges(params.privs);
      cluster.state.roles[path.roleid] = params.append ? [...new Set([...held, ...given])].sort() : given;
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/access/roles/{roleid}",
    permission: mayChangeRoles,
    handle: ({ cluster, path }) => {
      assertOwn(path.roleid, "deleted");
      if (!cluster.state.roles[path.roleid]) {
        throw failure(`delete role failed: role '${path.roleid}' does not exist`);
      }
      delete cluster.state.roles[path.roleid];
      cluster.state.acl = cluster.state.acl.filter(({ roleid }) => roleid !== path.roleid);
      return null;
    },
  }),
];

const parsePrivileges = (text: string | undefined): readonly string[] => [...new Set(splitList(text))].sort();
