import { DurableObject } from "cloudflare:workers";

/** Counts, and tells what it was given. */
export class Counter extends DurableObject {
  async add() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/objects/")) {
      const key = pathname.slice("/objects/".length);
      if (request.method === "PUT") {
        await env.BUCKET.put(key, await request.arrayBuffer());
        return new Response("kept");
      }
      return new Response((await env.BUCKET.get(key))?.body ?? "none");
    }
    const count = await env.COUNTER.get(env.COUNTER.idFromName("one")).add();
    return Response.json({ count, url: request.url, secret: env.SECRET, greeting: env.GREETING });
  },
  async scheduled(event, env) {
    await env.BUCKET.put("cron", event.cron);
  },
};
