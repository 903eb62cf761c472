import { failure } from "../api/errors";
import { anyCaller, requires, requiresAny } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { AclEntry, User } from "../model";

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
export const userRoutes: readonly Route[] = [
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
    handle: ({ cluster, path }) => {
      const found = user(cluster, path.userid);
      const tokens = Object.entries(found.tokens).map(([id, { secret: _secret, privsep, ...token }]) => [
        id,
        { ...token, privsep: privsep ? 1 : 0 },
      ]);
      return {
        ...printUser(found),
        groups: [],
        tokens: tokens.length > 0 ? Object.fromEntries(tokens) : null,
      };
    },
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
];

/** @throws ApiError 500 */
export function user(cluster: Cluster, id: string): User {
  const found = cluster.state.users[id];
  if (!found) throw failure(`no such user ('${id}')`);
  return found;
}

const printUser = ({ tokens: _tokens, enable, ...rest }: User) => ({ ...rest, enable: enable ? 1 : 0 });
