import { failure, parameterError } from "../api/errors";
import { splitList } from "../api/parameters";
import { anyCaller, requires } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { AclEntry } from "../model";

const flag = { type: "boolean" } as const;

export const aclRoutes: readonly Route[] = [
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
          Object.fromEntries(
            [...cluster.access.propagation(caller, path)].map(([privilege, propagate]) => [
              privilege,
              propagate ? 1 : 0,
            ]),
          ),
        ]),
      );
    },
  }),
];

/** The paths that exist in the API, whether or not there is anything at them. */
const ACL_PATH = new RegExp(
  `^/(?:${[
    "(?:access(?:/(?:groups|realm)(?:/[\\w.-]+)?)?)?",
    "mapping(?:/[\\w.-]+){0,2}",
    "nodes(?:/[\\w.-]+)?",
    "pool(?:/[\\w.-]+){0,3}",
    "sdn(?:/(?:controllers|dns|fabrics|ipams)(?:/[\\w.-]+)?|/zones(?:/[\\w.-]+){0,2}(?:/\\d+)?)?",
    "storage(?:/[\\w.-]+)?",
    "vms(?:/[1-9]\\d{2,})?",
  ].join("|")})$`,
);

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
  if (!ACL_PATH.test(path)) throw parameterError({ path: `invalid ACL path '${params.path}'` });
  const users = splitList(params.users);
  const tokens = splitList(params.tokens);
  if (users.length + tokens.length + splitList(params.groups).length === 0) {
    const text = "either 'users', 'groups' or 'tokens' is required.";
    throw parameterError({ users: text, groups: text, tokens: text });
  }
  const refuse = (text: string) => failure(`ACL update failed: ${text}`);
  for (const id of splitList(params.groups)) throw refuse(`group '${id}' does not exist`);
  for (const id of users) if (!cluster.state.users[id]) throw refuse(`user '${id}' does not exist`);
  for (const id of tokens) {
    const [owner = "", name = ""] = id.split("!");
    if (!cluster.state.users[owner]?.tokens[name]) {
      throw refuse(`no such token '${name}' for user '${owner}'`);
    }
  }
  for (const roleid of splitList(params.roles)) {
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
