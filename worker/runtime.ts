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
}

/** Starts the Worker in workerd on loopback. It ends with this process, however that ends. */
export async function startWorker({
  vars,
  script,
  port = 0,
  persist,
  log,
}: RuntimeOptions): Promise<Miniflare> {
  const options: MiniflareOptions = {
    name: "tfstate",
    modules: [{ type: "ESModule", path: "index.mjs", contents: script ?? (await bundleWorker()) }],
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    bindings: { ...vars },
    r2Buckets: ["BUCKET", "BACKUP"],
    durableObjects: Object.fromEntries(
      Object.entries(objectClasses).map(([binding, className]) => [binding, { className, useSQLite: true }]),
    ),
    host: "127.0.0.1",
    port,
    cf: false,
    unsafeTriggerHandlers: true,
    r2Persist: persist ? join(persist, "r2") : false,
    durableObjectsPersist: persist ? join(persist, "durable-objects") : false,
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      for (const stream of [stdout, stderr]) stream.on("data", (data: Buffer) => log?.(data.toString()));
    },
  };
  return startMiniflare(options);
}
