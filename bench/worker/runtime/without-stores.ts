import type { Principal } from "../../../worker/src/auth/principal";
import type { Env } from "../../../worker/src/env";
import worker, { Directory, Passwords, StateObject } from "../../../worker/src/index";

export { Directory, Passwords, StateObject };

/** The Worker with stores that answer at once and do nothing, so that what is left is its own work. */
export default {
  fetch: (request, env, ctx) => worker.fetch(request, withoutStores(env, request), ctx),
} satisfies ExportedHandler<Env>;

const version = { id: "version", serial: 1, lineage: "lineage-1", sha256: "", md5: "", size: 0 };
const principal = {
  id: "basic:owner",
  namespace: "owner",
  scopes: ["read", "write", "lock"],
  states: ["*"],
} satisfies Principal;
const ok = async (value: unknown) => ({ ok: true, value });

function withoutStores(env: Env, request: Request): Env {
  const size = Number(new URL(request.url).searchParams.get("size") ?? 0);
  const state = {
    read: () => ok({ version: { ...version, size }, key: "", etag: "etag" }),
    lock: () => ok({ ID: "lock" }),
    unlock: () => ok(undefined),
    async write(_ref: unknown, _caller: unknown, _request: unknown, body: ReadableStream | Uint8Array) {
      await new Response(body).arrayBuffer();
      return ok(version);
    },
  };
  const bucket = {
    // The bytes of a state pass the Worker as a stream of the runtime, as those of R2 do.
    get: async () => ({ etag: "etag", size, body: new Response(new Uint8Array(size)).body }),
  };
  const passwords = {
    verifyPassword: async () => ({ principal }),
  };
  const directory = {
    count: async () => undefined,
  };
  return {
    ...env,
    BUCKET: bucket as unknown as R2Bucket,
    STATE: { getByName: () => state } as unknown as Env["STATE"],
    PASSWORDS: { getByName: () => passwords } as unknown as Env["PASSWORDS"],
    DIRECTORY: { getByName: () => directory } as unknown as Env["DIRECTORY"],
  };
}
