import { randomUUID } from "node:crypto";
import { failure, parameterError } from "../api/errors";
import { anyCaller } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { ApiToken } from "../model";
import { user } from "./users";

const TEMPLATE = "/access/users/{userid}/token/{tokenid}";
const flag = { type: "boolean" } as const;
const settings = {
  comment: { type: "string" },
  expire: { type: "integer", minimum: 0 },
  privsep: flag,
} as const;
/** Users may manage their own tokens; for others, User.Modify is required. @throws ApiError 403 */
const assertMayManage = ({ cluster, caller, path }: Call<"userid", unknown>) => {
  if (caller.userId !== path.userid) cluster.access.check(caller, "/access/groups", ["User.Modify"]);
};

export const tokenRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/access/users/{userid}/token",
    permission: anyCaller,
    handle: (call) => {
      assertMayManage(call);
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
      assertMayManage(call);
      return printToken(token(call.cluster, call.path));
    },
  }),
  route({
    method: "POST",
    template: TEMPLATE,
    parameters: settings,
    permission: anyCaller,
    handle: (call) => {
      assertMayManage(call);
      const { userid: id, tokenid } = call.path;
      const owner = user(call.cluster, id);
      if (!/^[A-Za-z][A-Za-z0-9.\-_]+$/.test(tokenid)) {
        throw parameterError({ tokenid: "value does not match the regex pattern" });
      }
      if (owner.tokens[tokenid]) throw parameterError({ tokenid: "Token already exists." });
      const made: ApiToken = { privsep: true, expire: 0, ...call.params, secret: randomUUID() };
      owner.tokens[tokenid] = made;
      return { "full-tokenid": `${id}!${tokenid}`, info: newToken(made), value: made.secret };
    },
  }),
  route({
    method: "PUT",
    template: TEMPLATE,
    parameters: { ...settings, regenerate: flag, delete: { type: "string" } },
    permission: anyCaller,
    handle: (call) => {
      assertMayManage(call);
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
      assertMayManage(call);
      token(call.cluster, call.path);
      const { userid: id, tokenid } = call.path;
      delete user(call.cluster, id).tokens[tokenid];
      call.cluster.state.acl = call.cluster.state.acl.filter(({ ugid }) => ugid !== `${id}!${tokenid}`);
      return null;
    },
  }),
];

function token(cluster: Cluster, path: { readonly userid: string; readonly tokenid: string }): ApiToken {
  const found = user(cluster, path.userid).tokens[path.tokenid];
  if (!found) throw failure(`no such token '${path.tokenid}' for user '${path.userid}'`);
  return found;
}

const printToken = ({ secret: _secret, privsep, ...rest }: ApiToken) => ({
  ...rest,
  privsep: privsep ? 1 : 0,
});

/** The answer to a creation has the settings as they are written to the file: as texts, without those not given. */
const newToken = ({ privsep, expire, comment }: ApiToken) => ({
  privsep: privsep ? "1" : "0",
  ...(expire > 0 ? { expire: String(expire) } : {}),
  ...(comment === undefined ? {} : { comment }),
});
