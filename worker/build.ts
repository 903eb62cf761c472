import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";

/** Where `npm run worker:build` leaves the module, and the construct that deploys it looks for it. */
export const workerModule = join(__dirname, "dist", "index.mjs");

/**
 * Bundles the Worker into one ES module, the form in which Cloudflare takes it.
 * @param entry @default the Worker itself; tests have entries that wrap it
 */
export async function bundleWorker(entry = join(__dirname, "src", "index.ts")): Promise<string> {
  // The package has the bundle, and neither the sources nor a bundler.
  if (!existsSync(entry)) return readFile(workerModule, "utf8");
  return bundleModule({ entryPoints: [entry] });
}

/** How many builds share the process of esbuild. */
let building = 0;

/** Bundles one module for workerd. @param options what is bundled, and what is special about it */
export async function bundleModule(options: BuildOptions): Promise<string> {
  const { build, stop } = require("esbuild") as typeof import("esbuild");
  building++;
  const { outputFiles } = await build({
    write: false,
    bundle: true,
    format: "esm",
    target: "es2023",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    tsconfig: join(__dirname, "tsconfig.json"),
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    ...options,
  }).finally(() => {
    // Its process would run as long as this one. A build that goes on needs it.
    if (--building === 0) return stop();
  });
  return (outputFiles ?? []).map((file) => file.text).join("");
}

/** @param output where else than at {@link workerModule} */
async function main(output = workerModule): Promise<void> {
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, await bundleWorker());
}

if (require.main === module) {
  main(process.argv[2]).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
