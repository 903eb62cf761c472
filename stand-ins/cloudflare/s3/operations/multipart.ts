import { failures, S3Error } from "../errors";
import { checksumHeader } from "../payload/checksums";
import type { Part } from "../storage/bucket";
import { recordsOf, xmlResponse } from "../xml";
import { type ObjectCall, payloadOf, textOf } from "./call";
import { conditionsOf } from "./conditions";
import { metadataOf, quoted } from "./metadata";
import { assertStorageClass } from "./put-object";

const MAX_PARTS = 10_000;

export async function createUpload({ request, bucket, bucketName, key }: ObjectCall): Promise<Response> {
  assertStorageClass(request.headers);
  const uploadId = await bucket.createUpload(key, metadataOf(request.headers));
  return xmlResponse("InitiateMultipartUploadResult", {
    Bucket: bucketName,
    Key: key,
    UploadId: uploadId,
  });
}

export async function uploadPart(call: ObjectCall): Promise<Response> {
  const { query, bucket, key } = call;
  const partNumber = Number(query.get("partNumber"));
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PARTS) {
    throw failures.invalidArgument(`partNumber: ${query.get("partNumber")}, must be from 1 to ${MAX_PARTS}`);
  }
  const payload = await payloadOf(call);
  const etag = await bucket.putPart(key, uploadIdOf(query), partNumber, payload);
  const checksum = payload.checksum();
  return new Response(null, {
    headers: {
      etag: quoted(etag),
      ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
    },
  });
}

export async function completeUpload(call: ObjectCall): Promise<Response> {
  const { request, query, bucket, bucketName, key } = call;
  const [condition] = Object.keys(conditionsOf(request.headers));
  if (condition) throw failures.notImplemented(`${condition} on the end of a multipart upload`);
  const parts = recordsOf(await textOf(call), "Part").map(partOf);
  if (parts.length === 0) throw failures.malformedXml();
  if (new Set(parts.map(({ partNumber }) => partNumber)).size < parts.length) {
    throw new S3Error(400, "InvalidPart", "A part is named more than once.");
  }
  const { etag } = await bucket.completeUpload(key, uploadIdOf(query), parts).catch(unknownUpload);
  return xmlResponse("CompleteMultipartUploadResult", {
    Location: new URL(request.url).pathname,
    Bucket: bucketName,
    Key: key,
    ETag: quoted(etag),
  });
}

export async function abortUpload({ query, bucket, key }: ObjectCall): Promise<Response> {
  await bucket.abortUpload(key, uploadIdOf(query)).catch(unknownUpload);
  return new Response(null, { status: 204 });
}

const uploadIdOf = (query: URLSearchParams): string => query.get("uploadId") ?? "";

function partOf({ PartNumber = "", ETag = "" }: Readonly<Record<string, string>>): Part {
  if (!/^[1-9]\d{0,4}$/.test(PartNumber) || ETag === "") throw failures.malformedXml();
  return { partNumber: Number(PartNumber), etag: ETag.replaceAll('"', "") };
}

/** Miniflare throws an internal error (10001) for an unknown upload. */
function unknownUpload(error: Error): never {
  throw /\(10001\)$/.test(error.message) ? failures.noSuchUpload() : error;
}
