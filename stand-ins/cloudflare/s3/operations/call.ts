import type { BucketName, S3Access, S3Credential } from "../access";
import { failures } from "../errors";
import { openPayload, type Payload } from "../payload/payload";
import type { Bucket } from "../storage/bucket";

/** An authenticated request. */
export interface Call {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly credential: S3Credential;
  readonly access: S3Access;
  readonly payloadHash: string;
  readonly jurisdiction: BucketName["jurisdiction"];
}

export interface BucketCall extends Call {
  readonly bucketName: string;
  readonly bucket: Bucket;
}

export interface ObjectCall extends BucketCall {
  readonly key: string;
}

export const payloadOf = ({ request, payloadHash }: Call): Promise<Payload> =>
  openPayload(request, payloadHash);

/** The body of a request as text, for requests with an XML document. */
export async function textOf(call: Call): Promise<string> {
  return new Response((await payloadOf(call)).body).text();
}

/** The bucket of a request, if the caller has the permission. @throws S3Error 403, 404 */
export async function openBucket(
  { access, credential, jurisdiction }: Call,
  name: string,
  action: "read" | "write",
  key?: string,
): Promise<Bucket> {
  if (!credential.allows({ jurisdiction, name }, action, key)) throw failures.accessDenied();
  const bucket = await access.bucket(jurisdiction, name);
  if (!bucket) throw failures.noSuchBucket();
  return bucket;
}
