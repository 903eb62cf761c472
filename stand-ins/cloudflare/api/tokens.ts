import { Hono } from "hono";
import { z } from "zod";
import { PERMISSION_GROUPS } from "../access/permission-groups";
import { newTokenValue, sha256, tokenStatus } from "../access/tokens";
import { type Account, newId } from "../account";
import { ApiError } from "../api-error";
import type { Token } from "../model";
import { type ApiEnv, permitted } from "./authorization";
import { readBody, success, successPage } from "./envelope";

const INVALID = 1001;
const groupNames = new Map(PERMISSION_GROUPS.map(({ id, name }) => [id, name]));

const addresses = z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).optional();
const time = z.iso.datetime({ offset: true }).optional();
const tokenBody = z.object({
  name: z.string().min(1).max(120),
  policies: z
    .array(
      z.object({
        effect: z.enum(["allow", "deny"]),
        permission_groups: z
          .array(
            z.object({ id: z.string().refine((id) => groupNames.has(id), "permission group not found") }),
          )
          .min(1),
        resources: z
          .record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]))
          .refine((resources) => Object.keys(resources).length > 0, "must name at least one resource"),
      }),
    )
    .min(1),
  status: z.enum(["active", "disabled"]).default("active"),
  expires_on: time,
  not_before: time,
  condition: z.object({ request_ip: z.object({ in: addresses, not_in: addresses }).optional() }).optional(),
});
type TokenBody = z.output<typeof tokenBody>;

/** @see https://developers.cloudflare.com/api/resources/accounts/subresources/tokens/methods/list/ */
const listQuery = z.object({
  page: z.coerce.number().int().min(1).catch(1),
  per_page: z.coerce.number().int().min(5).max(50).catch(20),
});

/** Account tokens. Each one is a bearer token for this API, and at the same time a key pair for the S3 API. */
export function accountTokens(account: Account): Hono<ApiEnv> {
  const { tokens } = account.state;
  const find = (id: string): Token => {
    const token = tokens[id];
    if (!token) throw new ApiError(404, 1003, "API token not found");
    return token;
  };
  const save = (token: Token): Token => {
    tokens[token.id] = token;
    account.save();
    return token;
  };

  const app = new Hono<ApiEnv>();
  // Every token may verify itself.
  app.get("/verify", (c) => success(c, verification(c.get("token"))));
  app.use(permitted(account, "Account API Tokens"));

  app.get("/permission_groups", (c) => {
    const { name, scope } = c.req.query();
    const groups = PERMISSION_GROUPS.filter(
      (group) =>
        (name === undefined || group.name === name) && (scope === undefined || group.scopes[0] === scope),
    );
    return success(c, groups);
  });

  app.get("/", (c) => {
    const answers = Object.values(tokens).map(answerOf);
    return successPage(c, answers, listQuery.parse(c.req.query()));
  });
  app.get("/:id", (c) => success(c, answerOf(find(c.req.param("id")))));

  app.post("/", async (c) => {
    const body = await readBody(c, tokenBody, INVALID);
    const value = newTokenValue();
    const now = new Date().toISOString();
    const token = save({
      ...settingsOf(body),
      id: newId(),
      valueSha256: sha256(value),
      issued_on: now,
      modified_on: now,
    });
    return success(c, { ...answerOf(token), value });
  });

  app.put("/:id", async (c) => {
    const { id, valueSha256, issued_on } = find(c.req.param("id"));
    const body = await readBody(c, tokenBody, INVALID);
    const token = save({
      ...settingsOf(body),
      id,
      valueSha256,
      issued_on,
      modified_on: new Date().toISOString(),
    });
    return success(c, answerOf(token));
  });

  app.delete("/:id", (c) => {
    const { id } = find(c.req.param("id"));
    delete tokens[id];
    account.save();
    return success(c, { id });
  });

  return app;
}

export const verification = (token: Token) => ({
  id: token.id,
  status: tokenStatus(token),
  ...timesOf(token),
});

const settingsOf = ({ policies, ...settings }: TokenBody) => ({
  ...settings,
  policies: policies.map((policy) => ({ id: newId(), ...policy })),
});

function answerOf(token: Token) {
  const { id, name, policies, condition, issued_on, modified_on } = token;
  return {
    id,
    name,
    status: tokenStatus(token),
    issued_on,
    modified_on,
    ...timesOf(token),
    policies: policies.map(({ id, effect, resources, permission_groups }) => ({
      id,
      effect,
      resources,
      permission_groups: permission_groups.map(({ id }) => ({ id, name: groupNames.get(id) })),
    })),
    ...(condition && { condition }),
  };
}

const timesOf = ({ expires_on, not_before }: Token) => ({
  ...(expires_on && { expires_on }),
  ...(not_before && { not_before }),
});
