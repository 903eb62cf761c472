import type { Env } from "../../../worker/src/env";
import worker, { Directory, StateObject as RealStateObject } from "../../../worker/src/index";
import { Random } from "../random";
import { FaultyBucket, faults, operations, plans } from "./faulty-bucket";

export { Directory };

/** The same environment, with a bucket that fails. */
const faulty = (env: Env, crash?: () => void): Env => ({
  ...env,
  BUCKET: new FaultyBucket(env.BUCKET, crash) as unknown as R2Bucket,
});

/** The real object, on a bucket that fails. */
export class StateObject extends RealStateObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(
      ctx,
      faulty(env, () => ctx.abort("injected crash")),
    );
  }
}

/** Answer that never came, as far as the client knows. */
const lost = (): Response => new Response("lost", { status: 599 });

/** The Worker, with answers that get lost on the way (`x-fate`) and faults that are set per state (`/faults/{name}`). */
export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/faults/")) {
      const name = url.pathname.slice("/faults/".length);
      const {
        seed = "0",
        rate = "0",
        kinds,
        target = null,
        interloper = null,
      } = Object.fromEntries(url.searchParams);
      const random = new Random(Number(seed));
      const chosen = faults.filter((fault) => kinds === undefined || kinds.split(",").includes(fault));
      if (Number(rate) > 0 || interloper)
        plans.set(name, { random, rate: Number(rate), kinds: chosen, target, interloper });
      else plans.delete(name);
      return Response.json(operations);
    }
    const fate = request.headers.get("x-fate");
    const answer = worker.fetch(request, faulty(env), ctx);
    if (fate === "abandoned") {
      ctx.waitUntil(answer);
      await new Promise((resolve) => setTimeout(resolve, 2));
      return lost();
    }
    const response = await answer;
    if (fate !== "lost") return response;
    await response.body?.cancel();
    return lost();
  },
} satisfies ExportedHandler<Env>;
