import { join } from "node:path";
import { Miniflare, type MiniflareOptions } from "miniflare";
import { PACKAGE_ROOT } from "../process/package-root";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Starts a workerd that ends with this process, however that ends. @throws if it does not start */
export async function startMiniflare(options: MiniflareOptions): Promise<Miniflare> {
  endWorkerdWithParent();
  const miniflare = keepingSignals(() => new Miniflare(options));
  try {
    await miniflare.ready;
    return miniflare;
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

/** Miniflare ends the process at a signal, before storage is closed; who started us decides that. */
function keepingSignals<T>(work: () => T): T {
  const before = new Map(SIGNALS.map((signal) => [signal, new Set(process.listeners(signal))]));
  const result = work();
  for (const [signal, listeners] of before) {
    for (const listener of process.listeners(signal)) {
      if (!listeners.has(listener)) process.removeListener(signal, listener);
    }
  }
  return result;
}

/** Miniflare's child outlives a `kill -9` of its parent, and would go on to hold the port and the databases. */
function endWorkerdWithParent(): void {
  if (process.platform === "win32" || process.env.WORKERD_BINARY) return;
  const { default: bundled } = require("workerd") as { readonly default: string };
  process.env.WORKERD_BINARY = process.env.MINIFLARE_WORKERD_PATH ?? bundled;
  process.env.MINIFLARE_WORKERD_PATH = join(PACKAGE_ROOT, "worker/workerd.sh");
}
