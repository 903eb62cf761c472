import { failures } from "../errors";
import type { Bucket, Listing } from "../storage/bucket";
import { xmlResponse } from "../xml";
import type { BucketCall } from "./call";
import { quoted } from "./metadata";

const MAX_KEYS = 1000;
/** Sorts after every character that can follow in a key. */
const LAST = "\u{10FFFF}";

interface Question {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Encodes names for the answer. */
  readonly encode: (name: string) => string;
}

/** ListObjectsV2 */
export async function listObjectsV2({ query, bucket, bucketName }: BucketCall): Promise<Response> {
  const question = questionOf(query);
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const listing = await list(bucket, question, {
    ...(token && { cursor: token }),
    ...(startAfter && { startAfter: beyond(startAfter, question) }),
  });
  return xmlResponse("ListBucketResult", {
    ...answerOf(bucketName, query, question, listing),
    KeyCount: listing.objects.length + listing.delimitedPrefixes.length,
    ContinuationToken: token ?? undefined,
    StartAfter: startAfter ? question.encode(startAfter) : undefined,
    NextContinuationToken: listing.cursor,
  });
}

/** ListObjects, version 1 */
export async function listObjects({ query, bucket, bucketName }: BucketCall): Promise<Response> {
  const question = questionOf(query);
  const marker = query.get("marker") ?? "";
  const listing = await list(bucket, question, marker ? { startAfter: beyond(marker, question) } : {});
  const last = [...listing.objects.map(({ key }) => key), ...listing.delimitedPrefixes].sort(byBytes).at(-1);
  return xmlResponse("ListBucketResult", {
    ...answerOf(bucketName, query, question, listing),
    Marker: question.encode(marker),
    NextMarker: listing.truncated && last !== undefined ? question.encode(last) : undefined,
  });
}

/** @throws S3Error 400 */
function questionOf(query: URLSearchParams): Question {
  const maxKeys = query.get("max-keys") ?? String(MAX_KEYS);
  if (!/^\d{1,9}$/.test(maxKeys)) throw failures.invalidArgument(`max-keys: ${maxKeys}`);
  const encoding = query.get("encoding-type");
  if (encoding !== null && encoding !== "url") throw failures.invalidArgument(`encoding-type: ${encoding}`);
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    maxKeys: Math.min(Number(maxKeys), MAX_KEYS),
    encode: encoding ? (name) => encodeURIComponent(name).replaceAll("%2F", "/") : (name) => name,
  };
}

async function list(
  bucket: Bucket,
  { prefix, delimiter, maxKeys }: Question,
  from: { readonly cursor?: string; readonly startAfter?: string },
): Promise<Listing> {
  if (maxKeys === 0) return { objects: [], delimitedPrefixes: [], truncated: false };
  return bucket.list({ prefix, ...(delimiter && { delimiter }), limit: maxKeys, ...from });
}

/** The key after which a listing continues: a marker that is a common prefix skips all keys with that prefix. */
const beyond = (marker: string, { prefix, delimiter }: Question): string =>
  delimiter && marker.endsWith(delimiter) && marker.length > prefix.length ? marker + LAST : marker;

function answerOf(bucketName: string, query: URLSearchParams, question: Question, listing: Listing) {
  const { prefix, delimiter, maxKeys, encode } = question;
  return {
    Name: bucketName,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: maxKeys,
    EncodingType: query.get("encoding-type") ?? undefined,
    IsTruncated: listing.truncated,
    Contents: listing.objects.map(({ key, uploaded, etag, size }) => ({
      Key: encode(key),
      LastModified: uploaded,
      ETag: quoted(etag),
      Size: size,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: listing.delimitedPrefixes.map((each) => ({ Prefix: encode(each) })),
  };
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
