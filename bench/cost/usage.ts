/** How often each thing was done, by its name: `PutObject`, `worker LOCK`, `object read`, `rows written`. */
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

export const NOTHING: Usage = {
  classA: 0,
  classB: 0,
  workerRequests: 0,
  objectRequests: 0,
  rowsRead: 0,
  rowsWritten: 0,
};

/** @see https://developers.cloudflare.com/r2/pricing/#class-a-operations and what follows it, read in November 2026 */
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

/** @throws where something was counted that Cloudflare's price list is not known to have */
export function usageOf(counts: Counts): Usage {
  const usage = { ...NOTHING };
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
  return usages.reduce((left, right) => combine(left, right, (a, b) => a + b), NOTHING);
}

export function minus(left: Usage, right: Usage): Usage {
  return combine(left, right, (a, b) => a - b);
}

export function times(usage: Usage, factor: number): Usage {
  return combine(usage, NOTHING, (each) => each * factor);
}

function combine(left: Usage, right: Usage, of: (a: number, b: number) => number): Usage {
  const keys = Object.keys(NOTHING) as (keyof Usage)[];
  return Object.fromEntries(keys.map((key) => [key, of(left[key], right[key])])) as unknown as Usage;
}
