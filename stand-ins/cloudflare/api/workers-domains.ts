import { createHash, randomUUID } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import type { Account } from "../account";
import { ApiError } from "../api-error";
import type { Domain } from "../model";
import { type ApiEnv, permitted } from "./authorization";
import { readBody, success } from "./envelope";

const INVALID = 10001;
const HOSTNAME = /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/i;

const domainBody = z.object({
  hostname: z.string().regex(HOSTNAME, "is no host name"),
  service: z.string(),
  zone_id: z.string().regex(/^[0-9a-f]{32}$/, "must be 32 hex digits"),
  environment: z.literal("production").default("production"),
});

/** Custom domains of Workers. There are no zones: any zone ID is accepted, and the last two labels are the zone's name. */
export function workersDomains(account: Account): Hono<ApiEnv> {
  const { domains } = account.state;
  const find = (id: string): Domain => {
    const domain = domains[id];
    if (!domain) throw new ApiError(404, 100114, "Domain not found.");
    return domain;
  };

  const app = new Hono<ApiEnv>();
  app.use(permitted(account, "Workers Scripts"));

  app.put("/", async (c) => {
    const body = await readBody(c, domainBody, INVALID);
    account.script(body.service);
    const id = createHash("sha256").update(body.hostname).digest("hex").slice(0, 32);
    const domain: Domain = {
      ...body,
      id,
      zone_name: body.hostname.split(".").slice(-2).join("."),
      cert_id: domains[id]?.cert_id ?? randomUUID(),
    };
    domains[id] = domain;
    account.save();
    return success(c, domain);
  });
  app.get("/", (c) => success(c, Object.values(domains)));
  app.get("/:id", (c) => success(c, find(c.req.param("id"))));
  app.delete("/:id", (c) => {
    delete domains[find(c.req.param("id")).id];
    account.save();
    return c.body(null);
  });
  return app;
}
