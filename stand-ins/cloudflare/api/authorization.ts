import type { MiddlewareHandler } from "hono";
import type { Family } from "../access/permission-groups";
import { allowsApi, bearer } from "../access/tokens";
import type { Account } from "../account";
import { ApiError } from "../api-error";
import type { Token } from "../model";

/** What a handler knows beside the request. */
export type ApiEnv = { readonly Variables: { readonly token: Token } };

/** Who calls: a token of this account that may be used now. */
export const authenticated =
  (
    { state }: Account,
    { code, message } = { code: 9109, message: "Invalid access token" },
  ): MiddlewareHandler =>
  async (c, next) => {
    const header = c.req.header("authorization");
    if (!header) throw new ApiError(401, 10001, "Unable to authenticate request");
    const [, value] = /^Bearer (\S+)$/.exec(header) ?? [];
    const token = value === undefined ? undefined : bearer(state, value);
    if (!token) throw new ApiError(code === 1000 ? 401 : 403, code, message);
    c.set("token", token);
    await next();
  };

/** Whether the caller may: GET needs `<family> Read` or `Write`, everything else `Write`, on the account. */
export const permitted =
  ({ state }: Account, family: Family): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const action = c.req.method === "GET" ? "read" : "write";
    if (!allowsApi(c.get("token"), state.id, family, action)) {
      throw new ApiError(403, 10000, "Authentication error");
    }
    await next();
  };
