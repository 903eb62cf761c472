import { createServer } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { createS3, R2Gateway } from "../../stand-ins/cloudflare/s3";
import { closeServer, listenOnLoopback } from "../../stand-ins/loopback-server";
import { startMiniflare } from "../../worker/miniflare";
import type { Measured } from "./estimate";
import { type Measurement, Program } from "./program";
import { type Counts, NO_USAGE, usageOf } from "./usage";

export interface R2Counts {
  readonly plan: Counts;
  readonly apply: Counts;
}

const BUCKET = "tfstate";
const KEYS = { accessKeyId: "a".repeat(32), secretAccessKey: "b".repeat(64) };

/** Counts the requests to R2 that a plan and an apply of real OpenTofu make through the S3 backend with its lock. */
export async function countR2({ toolchain, folder, signal }: Measurement): Promise<R2Counts> {
  signal.throwIfAborted();
  const bucket = await startBucket();
  try {
    const program = new Program({
      toolchain,
      signal,
      folder: join(folder, "program"),
      state: { backend: "r2", bucket: BUCKET, key: "cost/terraform.tfstate" },
      env: {
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        AWS_ENDPOINT_URL_S3: bucket.url,
      },
    });
    await program.apply("0");
    bucket.counts();
    await program.apply("1");
    const apply = bucket.counts();
    await program.plan();
    return { plan: bucket.counts(), apply };
  } finally {
    await bucket.close();
  }
}

export function measuredR2({ plan, apply }: R2Counts): Measured {
  return {
    plan: usageOf(plan),
    apply: usageOf(apply),
    alarm: NO_USAGE,
    backup: NO_USAGE,
    backupOfState: NO_USAGE,
    versions: 0,
    databaseBytes: { plan: 0, apply: 0 },
    keepsHistory: false,
  };
}

interface CountedBucket {
  readonly url: string;
  /** The requests since the last call. */
  counts(): Counts;
  close(): Promise<void>;
}

async function startBucket(): Promise<CountedBucket> {
  const gateway = new R2Gateway();
  const miniflare = await startMiniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    handleRuntimeStdio: () => undefined,
    workers: [gateway.worker([BUCKET])],
  });
  const s3 = createS3({
    bucket: async (_, name) => (name === BUCKET ? gateway.bucket(miniflare, name) : undefined),
    credential: (id) => (id === KEYS.accessKeyId ? { ...KEYS, allows: () => true } : undefined),
    buckets: async () => [],
  });
  let counts: Record<string, number> = {};
  const counting = (request: Request): Promise<Response> => {
    const operation = operationOf(request);
    counts[operation] = (counts[operation] ?? 0) + 1;
    return s3(request);
  };
  const server = createServer(getRequestListener(counting, { overrideGlobalObjects: false }));
  const port = await listenOnLoopback(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    counts() {
      const since = counts;
      counts = {};
      return since;
    },
    async close() {
      await closeServer(server);
      await miniflare.dispose();
    },
  };
}

/** The names that R2's price list has for requests. A request that is not here keeps its own name, which `usageOf` refuses. */
const OPERATIONS: Readonly<Record<string, string>> = {
  "HEAD bucket": "HeadBucket",
  "GET bucket": "ListObjects",
  "GET bucket?list-type": "ListObjects",
  "GET bucket?location": "GetBucketLocation",
  "HEAD object": "HeadObject",
  "GET object": "GetObject",
  "PUT object": "PutObject",
  "DELETE object": "DeleteObject",
  "POST object?uploads": "CreateMultipartUpload",
  "PUT object?uploadId": "UploadPart",
  "POST object?uploadId": "CompleteMultipartUpload",
  "DELETE object?uploadId": "AbortMultipartUpload",
};

/** Which operation of the S3 API a request with the bucket in its path is. */
export function operationOf({ method, url }: Pick<Request, "method" | "url">): string {
  const { pathname, searchParams } = new URL(url);
  const target = /^\/[^/]+\/./.test(pathname) ? "object" : "bucket";
  const subresource = ["list-type", "location", "uploads", "uploadId"].find((name) => searchParams.has(name));
  const name = `${method} ${target}${subresource ? `?${subresource}` : ""}`;
  return OPERATIONS[name] ?? name;
}
