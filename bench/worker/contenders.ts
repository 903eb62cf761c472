import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Target } from "../../__tests__/worker/conformance/client";
import { compatibilityDate, compatibilityFlags } from "../../worker/compatibility";
import { startMiniflare } from "../../worker/miniflare";
import type { Delays } from "./delayed";

/** A Worker that takes part in the bench: its module, and what is bound to it. */
export interface Contender {
  readonly name: string;
  /** Path of the module. */
  readonly entry: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly buckets: readonly string[];
  /** Durable Object classes by the name of their binding. */
  readonly objects: Readonly<Record<string, string>>;
  /** Its objects keep their values in SQLite. */
  readonly useSQLite: boolean;
}

export interface Started {
  readonly target: Target;
  stop(): Promise<void>;
}

const username = "owner";
const password = "correct horse battery staple";
const ours = {
  buckets: ["BUCKET"],
  objects: { STATE: "StateObject", DIRECTORY: "Directory" },
  useSQLite: true,
};
const root = join(__dirname, "..", "..");

/** This project's Worker. @param s3Clients value of `TFSTATE_S3_CLIENTS` */
export const tfstate = (s3Clients: "on" | "off"): Contender => ({
  ...ours,
  name: `S3 clients ${s3Clients}`,
  entry: join(root, "worker", "src", "index.ts"),
  vars: { TFSTATE_USERNAME: username, TFSTATE_PASSWORD: password, TFSTATE_S3_CLIENTS: s3Clients },
});

/** Gets and puts in R2, and nothing else. */
export const bare: Contender = {
  ...ours,
  name: "bare",
  entry: join(__dirname, "bare-worker.ts"),
  vars: {},
};

/**
 * The Worker that this one replaces, from a checkout of https://github.com/cmackenzie1/tfstate-worker beside the project.
 * @throws Error where the folder is no checkout of it
 */
export function peer(checkout: string): Contender {
  const entry = join(checkout, "src", "index.ts");
  if (!existsSync(entry)) throw new Error(`${entry} is not there; give a checkout of tfstate-worker`);
  return {
    name: "tfstate-worker",
    entry,
    vars: { USERNAME: username, PASSWORD: password },
    buckets: ["TFSTATE_BUCKET"],
    objects: { TFSTATE_LOCK: "DurableLock" },
    useSQLite: false,
  };
}

/** Starts it in workerd, with storage in memory. @param delays @default none */
export async function start(
  contender: Contender,
  delays: Delays = { r2: 0, object: 0 },
  got?: any,
  more: any = {},
): Promise<Started> {
  const { vars, buckets, objects, useSQLite } = contender;
  const bound = Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite }]);
  const miniflare = await startMiniflare({
    name: "contender",
    modules: [{ type: "ESModule", path: "index.mjs", contents: await bundle(contender, delays) }],
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    bindings: { ...vars },
    r2Buckets: [...buckets],
    durableObjects: Object.fromEntries(bound),
    host: "127.0.0.1",
    port: 0,
    cf: false,
    ...more,
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) stream.resume();
    },
  });
  got?.(miniflare);
  const url = (await miniflare.ready).origin;
  return { target: { url, username, password }, stop: () => miniflare.dispose() };
}

/** Without delays the module is the Worker's own; with them, each of its classes gets slower bindings. */
async function bundle({ entry, objects }: Contender, delays: Delays): Promise<string> {
  const isDelayed = delays.r2 > 0 || delays.object > 0;
  const classes = Object.values(objects).map(
    (name) =>
      `export class ${name} extends entry.${name} { constructor(ctx, env) { super(ctx, slow(env)); } }`,
  );
  const wrapper = `import * as entry from ${JSON.stringify(entry)};
    import { delayed } from ${JSON.stringify(join(__dirname, "delayed.ts"))};
    const slow = (env) => delayed(env, ${JSON.stringify(delays)});
    ${classes.join("\n")}
    export default { fetch: (request, env, ctx) => entry.default.fetch(request, slow(env), ctx) };`;
  const { outputFiles } = await build({
    ...(isDelayed
      ? { stdin: { contents: wrapper, resolveDir: __dirname, loader: "ts" as const } }
      : { entryPoints: [entry] }),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2023",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    // A checkout of another Worker need not have its dependencies installed: both run on the same version of hono.
    nodePaths: [join(root, "node_modules")],
    tsconfig: join(root, "worker", "tsconfig.json"),
    logLevel: "warning",
  });
  return outputFiles.map(({ text }) => text).join("");
}
