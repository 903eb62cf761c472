import { app } from "./app";
import type { Env } from "./env";
import { backUpAll, discover } from "./http/backup";

export { Directory } from "./directory/directory";
export { Passwords } from "./passwords/password-object";
export { StateObject } from "./state/state-object";

/** The tfstate Worker: an HTTP state backend for Terraform and OpenTofu on R2 and Durable Objects. */
export default {
  fetch: async (request, env, ctx) => app.fetch(request, env, ctx),
  async scheduled(_event, env) {
    // What cannot be found now is found the next time; what is known is copied even so.
    await discover(env).catch((error: unknown) => console.error(`discover: ${error}`));
    if (env.BACKUP) await backUpAll(env, null);
  },
} satisfies ExportedHandler<Env>;
