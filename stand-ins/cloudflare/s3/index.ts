import type { S3Access } from "./access";
import { parseAddress } from "./address";
import { authenticate } from "./authenticate";
import { S3Error } from "./errors";
import {
  ACCOUNT_OPERATIONS,
  assertServed,
  BUCKET_OPERATIONS,
  findOperation,
  OBJECT_OPERATIONS,
} from "./operations";
import { type Call, openBucket } from "./operations/call";
import { WriteLimit } from "./write-limit";
import { toXml } from "./xml";

export type { BucketInfo, BucketName, S3Access, S3Credential } from "./access";
export { isSigned } from "./request-signature";
export type { Bucket } from "./storage/bucket";
export { R2Gateway } from "./storage/gateway";

export interface S3Options {
  /** Answers 429 to a second write of a key within this time; R2 does so within 1000 ms. @default 0 */
  readonly writeIntervalMs?: number;
}

const MAX_KEY_BYTES = 1024;

/**
 * The S3 API of R2 with path-style addresses, Signature Version 4, and jurisdictions below `/_eu` and `/_fedramp`.
 *
 * A request must have its unchanged body and a `content-length`. An answer to HEAD has a `content-length` and no body.
 *
 * @see https://developers.cloudflare.com/r2/api/s3/api/
 */
export function createS3(access: S3Access, options: S3Options = {}): (request: Request) => Promise<Response> {
  const limit = new WriteLimit(options.writeIntervalMs ?? 0);
  return async (request) => {
    try {
      return await answer(request, access, limit);
    } catch (error) {
      return failed(request, error);
    }
  };
}

async function answer(request: Request, access: S3Access, limit: WriteLimit): Promise<Response> {
  const url = new URL(request.url);
  const { jurisdiction, bucket: bucketName, key } = parseAddress(url.pathname);
  const caller = await authenticate(request, url, access);
  assertServed(request.headers);
  const query = url.searchParams;
  const call: Call = { request, query, jurisdiction, access, ...caller };
  if (bucketName === undefined) return findOperation(ACCOUNT_OPERATIONS, request, query).run(call);
  if (key === undefined) {
    const { action, run } = findOperation(BUCKET_OPERATIONS, request, query);
    const scope = request.method === "GET" ? (query.get("prefix") ?? undefined) : undefined;
    return run({ ...call, bucketName, bucket: await openBucket(call, bucketName, action, scope) });
  }
  const { action, run } = findOperation(OBJECT_OPERATIONS, request, query);
  const bucket = await openBucket(call, bucketName, action, key);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new S3Error(400, "InvalidObjectName", "The specified object name is not valid.");
  }
  if (action === "write") limit.take(`${jurisdiction}/${bucketName}/${key}`);
  return run({ ...call, bucketName, bucket, key });
}

function failed(request: Request, error: unknown): Response {
  if (!(error instanceof S3Error)) {
    // A bug of the stand-in and not a mistake of the caller, so it is printed.
    process.stderr.write(`${(error as Error).stack}\n`);
  }
  const { status, code, message } =
    error instanceof S3Error
      ? error
      : new S3Error(500, "InternalError", "We encountered an internal error. Please try again.");
  if (request.method === "HEAD") return new Response(null, { status });
  return new Response(toXml("Error", { Code: code, Message: message }, null), {
    status,
    headers: { "content-type": "application/xml" },
  });
}
