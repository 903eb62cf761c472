import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../../../worker/src/env";
import { Directory, StateObject } from "../../../../worker/src/index";
import { KnownClients, knownClientSchema } from "../../../../worker/src/passwords/known-clients";
import { migrate } from "../../../../worker/src/sqlite/migrations";

export { Directory, StateObject };

type Step = readonly ["add" | "has", string, string, number];

export class Passwords extends DurableObject<Env> {
  async run(steps: readonly Step[]): Promise<(boolean | null)[]> {
    migrate(this.ctx.storage, knownClientSchema);
    const clients = new KnownClients(this.ctx.storage.sql);
    return steps.map(([method, ...args]) => clients[method](...args) ?? null);
  }
}

export default {
  async fetch(request, env) {
    const object = env.PASSWORDS.getByName("known-clients") as unknown as Passwords;
    return Response.json(await object.run((await request.json()) as Step[]));
  },
} satisfies ExportedHandler<Env>;
