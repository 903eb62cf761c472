import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Miniflare, MiniflareOptions } from "miniflare";
import { bundleWorker } from "./build";
import { compatibilityDate, compatibilityFlags } from "./compatibility";
import { startMiniflare } from "./miniflare";

/** The classes of its Durable Objects by the names of their bindings. */
export const objectClasses = {
  STATE: "StateObject",
  DIRECTORY: "Directory",
  PASSWORDS: "Passwords",
} as const;

/** How the Worker is run by workerd on this machine. */
export interface RuntimeOptions {
  /** Environment variables of the Worker, such as `TFSTATE_USERNAME`. */
  readonly vars: Readonly<Record<string, string>>;
  /** The module's text. @default the Worker, bundled now */
  readonly script?: string;
  /** @default a free port */
  readonly port?: number;
  /** Folder of the buckets and Durable Objects. @default in memory, gone at the end */
  readonly persist?: string;
  /** What the Worker logs. @default dropped */
  readonly log?: (text: string) => void;
  /**
   * Lets the caller play Cloudflare, as tests do: `CF-Connecting-IP` and the headers `MF-…` of Miniflare are believed,
   * and `/cdn-cgi/handler/scheduled` runs the schedule. @default false
   */
  readonly believesHeaders?: boolean;
}

/** The Worker in workerd on this machine. */
export interface LocalWorker {
  /** Where it is served. */
  readonly url: URL;
  readonly miniflare: Miniflare;
}

/** On Cloudflare no client can set these two. Here all clients are on this machine. */
const unbelieving = `
  import worker from "./index.mjs";
  export * from "./index.mjs";
  export default {
    ...worker,
    fetch(request, env, context) {
      const headers = new Headers(request.headers);
      headers.set("cf-connecting-ip", "127.0.0.1");
      return worker.fetch(new Request(request, { headers, cf: {} }), env, context);
    },
  };`;

/** Starts the Worker in workerd on loopback. It ends with this process, however that ends. */
export async function startWorker({
  vars,
  script,
  port = 0,
  persist,
  log,
  believesHeaders = false,
}: RuntimeOptions): Promise<LocalWorker> {
  const host = "127.0.0.1";
  const modules: { type: "ESModule"; path: string; contents: string }[] = [
    { type: "ESModule", path: "index.mjs", contents: script ?? (await bundleWorker()) },
  ];
  if (!believesHeaders) modules.unshift({ type: "ESModule", path: "front.mjs", contents: unbelieving });
  const options: MiniflareOptions = {
    name: "tfstate",
    modules,
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    bindings: { ...vars },
    r2Buckets: ["BUCKET", "BACKUP"],
    durableObjects: Object.fromEntries(
      Object.entries(objectClasses).map(([binding, className]) => [binding, { className, useSQLite: true }]),
    ),
    host,
    // The Worker's own socket passes by Miniflare's entry, which takes addresses and paths from headers.
    ...(believesHeaders ? { port } : { port: 0, unsafeDirectSockets: [{ host, port }] }),
    cf: false,
    unsafeTriggerHandlers: believesHeaders,
    r2Persist: persist ? join(persist, "r2") : false,
    durableObjectsPersist: persist ? join(persist, "durable-objects") : false,
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      for (const stream of [stdout, stderr]) stream.on("data", (data: Buffer) => log?.(data.toString()));
    },
  };
  const miniflare = await startMiniflare(options);
  return { miniflare, url: await (believesHeaders ? miniflare.ready : miniflare.unsafeGetDirectURL()) };
}
