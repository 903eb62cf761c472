import type { MiddlewareHandler } from "hono";
import type { Family } from "../access/permission-groups";
import { allowsApi, bearer } from "../access/tokens";
import type { Account } from "../account";
import { ApiError } from "../api-error";
import type { Token } from "../model";

/** What the handlers know of the caller. */
export type ApiEnv = { readonly Variables: { readonly token: Token } };

/** Requires a token of this account that may be used now, and passes it on to the handler. */
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

/** Requires a permission on the account: `<family> Read` or `<family> Write` for GET, `<family> Write` otherwise. */
export const permitted =
  ({ state }: Account, family: Family): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const action = c.req.method === "GET" ? "read" : "write";
    if (!allowsApi(c.get("token"), state.id, family, action)) {
      throw new ApiError(403, 10000, "Authentication error");
    }
    await next();
  };
