import type { Env } from "./env";
import { handle } from "./http/app";
import { backUpAll } from "./http/backup";

export { Directory } from "./directory/directory";
export { StateObject } from "./state/state-object";

/** The tfstate Worker: an HTTP state backend for Terraform and OpenTofu on R2 and Durable Objects. */
export default {
  fetch: handle,
  async scheduled(_event, env) {
    if (env.BACKUP) await backUpAll(env);
  },
} satisfies ExportedHandler<Env>;
