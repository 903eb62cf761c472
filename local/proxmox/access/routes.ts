import { randomUUID } from "node:crypto";
import { failure, parameterError } from "../api/errors";
import { anyCaller, requires, requiresAny } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { AclEntry, ApiToken, User } from "../model";
import { BUILT_IN_ROLES, isPrivilege } from "./privileges";

const flag = { type: "boolean" } as const;
const expire = { type: "integer", minimum: 0 } as const;
const userid = {
  type: "string",
  required: true,
  maxLength: 64,
  pattern: "[^\\s:/]+@[A-Za-z][A-Za-z0-9.\\-_]+",
} as const;
const profile = {
  comment: { type: "string", maxLength: 2048 },
  email: { type: "string", maxLength: 254 },
  enable: flag,
  expire,
  firstname: { type: "string", maxLength: 1024 },
  groups: { type: "string" },
  keys: { type: "string" },
  lastname: { type: "string", maxLength: 1024 },
} as const;

const mayChangeUsers = requires("/access/groups", "User.Modify");
const mayReadUsers = requiresAny("/access/groups", "User.Modify", "Sys.Audit");
const mayChangeRoles = requires("/access", "Sys.Modify");

export const accessRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/access/users",
    parameters: { enabled: flag, full: flag },
    permission: anyCaller,
    handle: ({ cluster, caller }) =>
      Object.entries(cluster.state.users)
        .filter(
          ([id]) => id === caller.userId || cluster.access.allows(caller, "/access/groups", "Sys.Audit"),
        )
        .map(([id, user]) => ({ userid: id, ...printUser(user), groups: "" })),
  }),
  route({
    method: "POST",
    template: "/access/users",
    parameters: { ...profile, userid, password: { type: "string", maxLength: 64 } },
    permission: mayChangeUsers,
    handle: ({ cluster, params: { userid: id, password: _password, groups, ...rest } }) => {
      if (cluster.state.users[id]) throw failure(`create user failed: user '${id}' already exists`);
      if (groups) throw failure(`create user failed: no such group '${groups}'`);
      cluster.state.users[id] = { enable: true, expire: 0, ...rest, tokens: {} };
      return null;
    },
  }),
  route({
    method: "GET",
    template: "/access/users/{userid}",
    permission: mayReadUsers,
    handle: ({ cluster, path }) => ({ ...printUser(user(cluster, path.userid)), groups: [] }),
  }),
  route({
    method: "PUT",
    template: "/access/users/{userid}",
    parameters: { ...profile, append: flag },
    permission: mayChangeUsers,
    handle: ({ cluster, path, params: { append: _append, groups: _groups, ...rest } }) => {
      Object.assign(user(cluster, path.userid), rest);
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/access/users/{userid}",
    permission: mayChangeUsers,
    handle: ({ cluster, path }) => {
      user(cluster, path.userid);
      delete cluster.state.users[path.userid];
      const isTheirs = ({ ugid }: AclEntry) => ugid === path.userid || ugid.startsWith(`${path.userid}!`);
      cluster.state.acl = cluster.state.acl.filter((entry) => !isTheirs(entry));
      return null;
    },
  }),
  ...tokenRoutes(),
  ...roleRoutes(),
  route({
    method: "GET",
    template: "/access/acl",
    permission: anyCaller,
    handle: ({ cluster, caller }) =>
      cluster.state.acl
        .filter(
          ({ path }) =>
            cluster.access.allows(caller, "/access", "Sys.Audit") ||
            cluster.access.allows(caller, path, "Permissions.Modify"),
        )
        .map(({ propagate, ...entry }) => ({ ...entry, propagate: propagate ? 1 : 0 })),
  }),
  route({
    method: "PUT",
    template: "/access/acl",
    parameters: {
      path: { type: "string", required: true },
      roles: { type: "string", required: true },
      users: { type: "string" },
      groups: { type: "string" },
      tokens: { type: "string" },
      propagate: flag,
      delete: flag,
    },
    permission: requires("{path}", "Permissions.Modify"),
    handle: updateAcl,
  }),
  route({
    method: "GET",
    template: "/access/permissions",
    parameters: { path: { type: "string" }, userid: { type: "string" } },
    permission: anyCaller,
    handle: ({ cluster, caller, params }) => {
      const paths = params.path
        ? [params.path]
        : ["/", ...new Set(cluster.state.acl.map(({ path }) => path))];
      return Object.fromEntries(
        paths.map((path) => [
          path,
          Object.fromEntries([...cluster.access.privileges(caller, path)].map((privilege) => [privilege, 1])),
        ]),
      );
    },
  }),
];

function tokenRoutes(): readonly Route[] {
  const TEMPLATE = "/access/users/{userid}/token/{tokenid}";
  const settings = { comment: { type: "string" }, expire, privsep: flag } as const;
  const assertMay = ({ cluster, caller, path }: Call<"userid", unknown>) => {
    if (caller.userId !== path.userid) cluster.access.check(caller, "/access/groups", ["User.Modify"]);
  };
  return [
    route({
      method: "GET",
      template: "/access/users/{userid}/token",
      permission: anyCaller,
      handle: (call) => {
        assertMay(call);
        return Object.entries(user(call.cluster, call.path.userid).tokens).map(([tokenid, token]) => ({
          tokenid,
          ...printToken(token),
        }));
      },
    }),
    route({
      method: "GET",
      template: TEMPLATE,
      permission: anyCaller,
      handle: (call) => {
        assertMay(call);
        return printToken(token(call.cluster, call.path));
      },
    }),
    route({
      method: "POST",
      template: TEMPLATE,
      parameters: settings,
      permission: anyCaller,
      handle: (call) => {
        assertMay(call);
        const { userid: id, tokenid } = call.path;
        const owner = user(call.cluster, id);
        if (!/^[A-Za-z][A-Za-z0-9.\-_]+$/.test(tokenid)) {
          throw parameterError({ tokenid: "value does not match the regex pattern" });
        }
        if (owner.tokens[tokenid]) throw parameterError({ tokenid: "Token already exists." });
        const made: ApiToken = { privsep: true, expire: 0, ...call.params, secret: randomUUID() };
        owner.tokens[tokenid] = made;
        return { "full-tokenid": `${id}!${tokenid}`, info: printToken(made), value: made.secret };
      },
    }),
    route({
      method: "PUT",
      template: TEMPLATE,
      parameters: { ...settings, regenerate: flag, delete: { type: "string" } },
      permission: anyCaller,
      handle: (call) => {
        assertMay(call);
        const { regenerate, delete: removed, ...rest } = call.params;
        const found = token(call.cluster, call.path);
        Object.assign(found, rest);
        if (removed?.split(",").includes("comment")) delete found.comment;
        if (regenerate) found.secret = randomUUID();
        return printToken(found);
      },
    }),
    route({
      method: "DELETE",
      template: TEMPLATE,
      permission: anyCaller,
      handle: (call) => {
        assertMay(call);
        token(call.cluster, call.path);
        const { userid: id, tokenid } = call.path;
        delete user(call.cluster, id).tokens[tokenid];
        call.cluster.state.acl = call.cluster.state.acl.filter(({ ugid }) => ugid !== `${id}!${tokenid}`);
        return null;
      },
    }),
  ];
}

function roleRoutes(): readonly Route[] {
  const privs = { type: "string" } as const;
  const assertOwn = (id: string, verb: string) => {
    if (BUILT_IN_ROLES[id]) throw failure(`auto-generated role '${id}' cannot be ${verb}`);
  };
  return [
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
        if (cluster.access.rolePrivileges(roleid)) throw failure(`role '${roleid}' already exists`);
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
        if (!cluster.state.roles[path.roleid]) throw failure(`role '${path.roleid}' does not exist`);
        delete cluster.state.roles[path.roleid];
        cluster.state.acl = cluster.state.acl.filter(({ roleid }) => roleid !== path.roleid);
        return null;
      },
    }),
  ];
}

interface AclParameters {
  readonly path: string;
  readonly roles: string;
  readonly users?: string;
  readonly groups?: string;
  readonly tokens?: string;
  readonly propagate?: boolean;
  readonly delete?: boolean;
}

function updateAcl({ cluster, params }: Call<never, AclParameters>): null {
  const path = `/${params.path.split("/").filter(Boolean).join("/")}`;
  const users = split(params.users);
  const tokens = split(params.tokens);
  if (users.length + tokens.length + split(params.groups).length === 0) {
    const text = "either 'users', 'groups' or 'tokens' is required.";
    throw parameterError({ users: text, groups: text, tokens: text });
  }
  const refuse = (text: string) => failure(`ACL update failed: ${text}`);
  for (const id of split(params.groups)) throw refuse(`group '${id}' does not exist`);
  for (const id of users) if (!cluster.state.users[id]) throw refuse(`user '${id}' does not exist`);
  for (const id of tokens) {
    const [owner = "", name = ""] = id.split("!");
    if (!cluster.state.users[owner]?.tokens[name]) {
      throw refuse(`no such token '${name}' for user '${owner}'`);
    }
  }
  for (const roleid of split(params.roles)) {
    if (!cluster.access.rolePrivileges(roleid)) throw refuse(`role '${roleid}' does not exist`);
    const subjects = [
      ...users.map((ugid) => ({ type: "user" as const, ugid })),
      ...tokens.map((ugid) => ({ type: "token" as const, ugid })),
    ];
    for (const { type, ugid } of subjects) {
      const others = cluster.state.acl.filter(
        (entry) =>
          entry.path !== path || entry.roleid !== roleid || entry.type !== type || entry.ugid !== ugid,
      );
      const entry: AclEntry = { path, roleid, type, ugid, propagate: params.propagate ?? true };
      cluster.state.acl = params.delete ? others : [...others, entry];
    }
  }
  return null;
}

function user(cluster: Cluster, id: string): User {
  const found = cluster.state.users[id];
  if (!found) throw failure(`no such user ('${id}')`);
  return found;
}

function token(cluster: Cluster, path: { readonly userid: string; readonly tokenid: string }): ApiToken {
  const found = user(cluster, path.userid).tokens[path.tokenid];
  if (!found) throw failure(`no such token '${path.tokenid}' for user '${path.userid}'`);
  return found;
}

const printUser = ({ tokens: _tokens, enable, ...rest }: User) => ({ ...rest, enable: enable ? 1 : 0 });

const printToken = ({ secret: _secret, privsep, ...rest }: ApiToken) => ({
  ...rest,
  privsep: privsep ? 1 : 0,
});

function parsePrivileges(text: string | undefined): readonly string[] {
  const names = split(text);
  for (const name of names) if (!isPrivilege(name)) throw failure(`invalid privilege '${name}'`);
  return [...new Set(names)].sort();
}

const split = (text: string | undefined): readonly string[] => (text ?? "").split(/[,;\s]+/).filter(Boolean);
