import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { TalosControl } from "./control";

export interface ControlApi {
  readonly url: string;
  readonly token: string;
  readonly close: () => Promise<void>;
}

const powerSchema = z.strictObject({ power: z.enum(["on", "off"]) });

/** Serves the control API over HTTP on loopback, for other processes. */
export async function serveControl(control: TalosControl): Promise<ControlApi> {
  const token = randomUUID();
  const app = new Hono()
    .use(bearerAuth({ token }))
    .get("/faults", (c) => c.json({ data: control.listFaults() }))
    .post("/faults", async (c) => c.json({ data: { id: await control.addFault(await c.req.json()) } }))
    .delete("/faults/:id?", async (c) => {
      await control.removeFaults(c.req.param("id"));
      return c.json({ data: null });
    })
    .get("/nodes", (c) => c.json({ data: control.listNodes() }))
    .patch("/nodes/:name", async (c) => {
      await control.setPower(c.req.param("name"), powerSchema.parse(await c.req.json()).power);
      return c.json({ data: null });
    })
    .get("/calls", (c) => c.json({ data: control.listCalls() }))
    .delete("/calls", (c) => {
      control.clearCalls();
      return c.json({ data: null });
    })
    .onError((error, c) =>
      error instanceof HTTPException ? error.getResponse() : c.json({ message: error.message }, 400),
    );
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
