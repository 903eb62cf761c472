import { app } from "../../../../worker/src/app";
import type { Env } from "../../../../worker/src/env";
import worker, { Directory, Passwords, StateObject } from "../../../../worker/src/index";

export { Directory, Passwords, StateObject };

/** The Worker, which also lists what its router knows, however it came to know it. */
export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/~routes") return worker.fetch(request, env, ctx);
    return Response.json(app.routes.map(({ method, path }) => `${method} ${path}`));
  },
} satisfies ExportedHandler<Env>;
