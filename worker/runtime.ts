import { join } from "node:path";
import type { Readable } from "node:stream";
import { Miniflare, type MiniflareOptions } from "miniflare";
import { bundleWorker } from "./build";

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

/** Date whose runtime behaviour the Worker is written for; a deployment sets the same. */
export const compatibilityDate = "2026-04-01";
export const compatibilityFlags = ["nodejs_compat"];

/** Starts the Worker in workerd on loopback. It ends with this process, however that ends. */
export async function startWorker({
  vars,
  script,
  port = 0,
  persist,
  log,
}: RuntimeOptions): Promise<Miniflare> {
  endWithParent();
  const options: MiniflareOptions = {
    name: "tfstate",
    modules: [{ type: "ESModule", path: "index.mjs", contents: script ?? (await bundleWorker()) }],
    compatibilityDate,
    compatibilityFlags,
    bindings: { ...vars },
    r2Buckets: ["BUCKET", "BACKUP"],
    durableObjects: {
      STATE: { className: "StateObject", useSQLite: true },
      DIRECTORY: { className: "Directory", useSQLite: true },
    },
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
  const miniflare = new Miniflare(options);
  await miniflare.ready;
  return miniflare;
}

/** Miniflare's child outlives a `kill -9` of its parent, and would go on to hold the port and the database. */
function endWithParent(): void {
  if (process.platform === "win32" || process.env.WORKERD_BINARY) return;
  const { default: bundled } = require("workerd") as { readonly default: string };
  process.env.WORKERD_BINARY = process.env.MINIFLARE_WORKERD_PATH ?? bundled;
  process.env.MINIFLARE_WORKERD_PATH = join(__dirname, "workerd.sh");
}
