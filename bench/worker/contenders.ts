import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Target } from "../../__tests__/worker/conformance/client";
import { bundleModule } from "../../worker/build";
import { compatibilityDate, compatibilityFlags } from "../../worker/compatibility";
import { startMiniflare } from "../../worker/miniflare";
import { objectClasses } from "../../worker/runtime";
import type { Delays } from "./delays";
import { workerdProcesses } from "./workerd-process";

/** A Worker that takes part in the bench: its module, and what is bound to it. */
export interface Contender {
  readonly name: string;
  /** Path of the module. */
  readonly entry: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly bucket: string;
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
export const password = "correct horse battery staple";
const root = join(__dirname, "..", "..");
const ours = {
  bucket: "BUCKET",
  objects: objectClasses,
  useSQLite: true,
};

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
  entry: join(__dirname, "runtime", "bare-worker.ts"),
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
    bucket: "TFSTATE_BUCKET",
    objects: { TFSTATE_LOCK: "DurableLock" },
    useSQLite: false,
  };
}

/** Starts it in workerd, with storage in memory. @param delays @default none */
export async function start(contender: Contender, delays?: Delays): Promise<Started> {
  const { vars, bucket, objects, useSQLite } = contender;
  const bound = Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite }]);
  const miniflare = await startMiniflare({
    name: "contender",
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    // What it logs is read and dropped.
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      for (const stream of [stdout, stderr]) stream.resume();
    },
    modules: [{ type: "ESModule", path: "index.mjs", contents: await bundle(contender, delays) }],
    bindings: { ...vars },
    r2Buckets: [bucket],
    durableObjects: Object.fromEntries(bound),
  });
  const url = (await miniflare.ready).origin;
  return { target: { url, username, password }, stop: () => miniflare.dispose() };
}

/** As {@link start}, and says which process it is. */
export async function startMeasured(contender: Contender): Promise<Started & { readonly pid: number }> {
  const before = workerdProcesses();
  const started = await start(contender);
  const [pid, ...others] = workerdProcesses().filter((each) => !before.includes(each));
  if (pid === undefined || others.length > 0) throw new Error("workerd is not one process of this one");
  return { ...started, pid };
}

/** The module in one text. With delays, each of its classes and its handler get slower bindings. */
function bundle({ entry, objects }: Contender, delays?: Delays): Promise<string> {
  return bundleModule({
    ...(delays
      ? { stdin: { contents: slowEntry(entry, objects, delays), resolveDir: __dirname, loader: "ts" } }
      : { entryPoints: [entry] }),
    // A checkout of another Worker need not have its dependencies installed: both run on the same version of hono.
    nodePaths: [join(root, "node_modules")],
  });
}

function slowEntry(entry: string, objects: Contender["objects"], delays: Delays): string {
  const classes = Object.values(objects).map(
    (name) =>
      `export class ${name} extends entry.${name} { constructor(ctx, env) { super(ctx, slow(env)); } }`,
  );
  return `import * as entry from ${JSON.stringify(entry)};
    import { delayed } from ${JSON.stringify(join(__dirname, "runtime", "delayed.ts"))};
    const slow = (env) => delayed(env, ${JSON.stringify(delays)});
    ${classes.join("\n")}
    export default { fetch: (request, env, ctx) => entry.default.fetch(request, slow(env), ctx) };`;
}
