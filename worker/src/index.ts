import type { Env } from "./env";
import { app } from "./http/app";
import { backUpAll, discover } from "./http/backup";

export { Directory } from "./directory/directory";
export { StateObject } from "./state/state-object";

/** The tfstate Worker: an HTTP state backend for Terraform and OpenTofu on R2 and Durable Objects. */
export default {
  fetch: async (request, env, ctx) => app.fetch(request, env, ctx),
  async scheduled(_event, env) {
    await discover(env);
    if (env.BACKUP) await backUpAll(env, null);
  },
} satisfies ExportedHandler<Env>;
