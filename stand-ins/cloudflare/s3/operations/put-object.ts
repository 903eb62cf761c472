import { failures, S3Error } from "../errors";
import { checksumHeader } from "../payload/checksums";
import type { Payload } from "../payload/payload";
import {
  type Conditions,
  customBytes,
  type Metadata,
  PUT_METADATA_BYTES,
  type PutOptions,
} from "../storage/bucket";
import { type ObjectCall, payloadOf } from "./call";
import { conditionsOf } from "./conditions";
import { metadataOf, quoted } from "./metadata";

const STORAGE_CLASSES = ["STANDARD", "STANDARD_IA"];

export async function putObject(call: ObjectCall): Promise<Response> {
  const { request, bucket, key } = call;
  assertStorageClass(request.headers);
  const metadata = metadataOf(request.headers);
  const conditions = conditionsOf(request.headers);
  assertStorable(metadata, conditions);
  const payload = await payloadOf(call);
  const object = await bucket.put(key, payload, { ...metadata, conditions, ...keptChecksum(payload) });
  if (!object) throw failures.preconditionFailed();
  const checksum = payload.checksum();
  return new Response(null, {
    headers: {
      etag: quoted(object.etag),
      ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
    },
  });
}

/** @throws S3Error 400 */
export function assertStorageClass(headers: Headers): void {
  const storageClass = headers.get("x-amz-storage-class") ?? "STANDARD";
  if (!STORAGE_CLASSES.includes(storageClass)) {
    throw new S3Error(400, "InvalidStorageClass", `The storage class "${storageClass}" is not valid.`);
  }
}

/** Metadata above this size is stored by a multipart upload, which has no conditions. @throws S3Error 501 */
export function assertStorable({ customMetadata }: Metadata, conditions: Conditions): void {
  if (Object.keys(conditions).length > 0 && customBytes(customMetadata) > PUT_METADATA_BYTES) {
    throw failures.notImplemented(
      `A condition together with more than ${PUT_METADATA_BYTES} bytes of metadata`,
    );
  }
}

/** The checksum to store with the object. An R2 binding accepts only hashes, and none that comes in a trailer. */
function keptChecksum({ checksum }: Payload): Pick<PutOptions, "checksum"> {
  const given = checksum();
  if (!given) return {};
  const value = Buffer.from(given.value, "base64").toString("hex");
  if (given.algorithm === "sha256") return { checksum: { sha256: value } };
  return given.algorithm === "sha1" ? { checksum: { sha1: value } } : {};
}
