/** How often each operation was done, by name: `PutObject`, `worker LOCK`, `object read`, `rows written`. */
export type Counts = Readonly<Record<string, number>>;

/** What Cloudflare meters. */
export interface Usage {
  readonly classA: number;
  readonly classB: number;
  /** Requests to the Worker, its cron trigger included. */
  readonly workerRequests: number;
  /** Requests to Durable Objects: calls of their methods, and alarms. */
  readonly objectRequests: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

export const NO_USAGE: Usage = {
  classA: 0,
  classB: 0,
  workerRequests: 0,
  objectRequests: 0,
  rowsRead: 0,
  rowsWritten: 0,
};

/** @see https://developers.cloudflare.com/r2/pricing/#class-a-operations and the sections after it, read in November 2026 */
const METER: Readonly<Record<string, keyof Usage | "free">> = {
  PutObject: "classA",
  CopyObject: "classA",
  ListBuckets: "classA",
  ListObjects: "classA",
  CreateMultipartUpload: "classA",
  UploadPart: "classA",
  CompleteMultipartUpload: "classA",
  HeadBucket: "classB",
  HeadObject: "classB",
  GetObject: "classB",
  GetBucketLocation: "classB",
  DeleteObject: "free",
  AbortMultipartUpload: "free",
  "rows read": "rowsRead",
  "rows written": "rowsWritten",
};

/** @throws for an operation that is neither a meter of Cloudflare's price list nor known to be free */
export function usageOf(counts: Counts): Usage {
  const usage = { ...NO_USAGE };
  for (const [what, times] of Object.entries(counts)) {
    const meter = what.startsWith("worker ")
      ? "workerRequests"
      : what.startsWith("object ")
        ? "objectRequests"
        : METER[what];
    if (meter === undefined) throw new Error(`"${what}" is on no meter; add it from Cloudflare's price list`);
    if (meter !== "free") usage[meter] += times;
  }
  return usage;
}

export function sum(...usages: readonly Usage[]): Usage {
  return usages.reduce((left, right) => combine(left, right, (a, b) => a + b), NO_USAGE);
}

export function minus(left: Usage, right: Usage): Usage {
  return combine(left, right, (a, b) => a - b);
}

export function times(usage: Usage, factor: number): Usage {
  return combine(usage, NO_USAGE, (each) => each * factor);
}

function combine(left: Usage, right: Usage, of: (a: number, b: number) => number): Usage {
  const keys = Object.keys(NO_USAGE) as (keyof Usage)[];
  return Object.fromEntries(keys.map((key) => [key, of(left[key], right[key])])) as unknown as Usage;
}
