import { failures } from "../errors";
import type { Bucket, Range, StoredObject } from "../storage/bucket";
import type { ObjectCall } from "./call";
import { conditionsOf, failedStatus } from "./conditions";
import { headersOf } from "./metadata";

/** The headers that a query can override, such as by `response-content-type`. */
const OVERRIDES = [
  "content-type",
  "content-language",
  "content-disposition",
  "content-encoding",
  "cache-control",
  "expires",
];

/** GetObject and HeadObject. */
export async function getObject({ request, query, bucket, key }: ObjectCall): Promise<Response> {
  const isHead = request.method === "HEAD";
  const conditions = conditionsOf(request.headers);
  const range = isHead ? undefined : rangeOf(request.headers.get("range"));
  if (range) await assertSatisfiable(range, bucket, key);
  const found = await bucket.get(key, { conditions, ...(range && { range }), withoutBody: isHead });
  if (!found) throw failures.noSuchKey();
  const { object, body } = found;
  const headers = headersOf(object);
  if (!body) return notSent(failedStatus(conditions, object), headers);
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`);
    if (value) headers.set(name, value);
  }
  if (request.headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED" && !range) {
    addChecksums(headers, object);
  }
  const { offset, length } = range && object.range ? object.range : { offset: 0, length: object.size };
  headers.set("content-length", String(length));
  if (range) headers.set("content-range", `bytes ${offset}-${offset + length - 1}/${object.size}`);
  return new Response(isHead ? null : body, { status: range ? 206 : 200, headers });
}

/** Miniflare fails for a range that starts at the end of an object. @throws S3Error 416 */
async function assertSatisfiable(range: Range, bucket: Bucket, key: string): Promise<void> {
  const object = await bucket.head(key);
  if (object && "offset" in range && range.offset >= object.size) throw failures.invalidRange();
}

function notSent(status: 304 | 412, headers: Headers): Response {
  if (status === 412) throw failures.preconditionFailed();
  return new Response(null, { status, headers });
}

function addChecksums(headers: Headers, { checksums }: StoredObject): void {
  for (const name of ["sha1", "sha256"] as const) {
    const value = checksums[name];
    if (value) headers.set(`x-amz-checksum-${name}`, Buffer.from(value, "hex").toString("base64"));
  }
}

/** The range of a request; undefined where the header is invalid or asks for several ranges. */
function rangeOf(header: string | null): Range | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (first) {
    const offset = Number(first);
    if (last && Number(last) < offset) return undefined;
    return { offset, ...(last && { length: Number(last) - offset + 1 }) };
  }
  return last ? { suffix: Number(last) } : undefined;
}
