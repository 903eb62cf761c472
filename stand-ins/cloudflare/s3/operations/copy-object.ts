import { decode } from "../address";
import { failures } from "../errors";
import { xmlResponse } from "../xml";
import { type ObjectCall, openBucket } from "./call";
import { conditionsOf } from "./conditions";
import { metadataOf, quoted } from "./metadata";
import { assertStorable, assertStorageClass } from "./put-object";

export async function copyObject(call: ObjectCall): Promise<Response> {
  const { request, bucket, key } = call;
  assertStorageClass(request.headers);
  const source = sourceOf(request.headers.get("x-amz-copy-source") ?? "");
  const from = await openBucket(call, source.bucket, "read", source.key);
  const found = await from.get(source.key, {
    conditions: conditionsOf(request.headers, "x-amz-copy-source-"),
  });
  if (!found) throw failures.noSuchKey();
  const { object, body } = found;
  if (!body) throw failures.preconditionFailed();
  const metadata = replacesMetadata(request.headers) ? metadataOf(request.headers) : object;
  const conditions = conditionsOf(request.headers);
  assertStorable(metadata, conditions);
  const { httpMetadata, customMetadata } = metadata;
  const copy = await bucket.put(
    key,
    { body, length: object.size },
    { httpMetadata, customMetadata, conditions },
  );
  if (!copy) throw failures.preconditionFailed();
  return xmlResponse("CopyObjectResult", { LastModified: copy.uploaded, ETag: quoted(copy.etag) });
}

/** Reads `bucket/key` or `/bucket/key`, percent-encoded. @throws S3Error 400 */
function sourceOf(header: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decode(header)) ?? [];
  if (!bucket || !key) throw failures.invalidArgument(`x-amz-copy-source: ${header}`);
  return { bucket, key };
}

/** @throws S3Error 400 */
function replacesMetadata(headers: Headers): boolean {
  const directive = headers.get("x-amz-metadata-directive") ?? "COPY";
  if (directive === "COPY" || directive === "REPLACE") return directive === "REPLACE";
  throw failures.invalidArgument(`x-amz-metadata-directive: ${directive}`);
}
