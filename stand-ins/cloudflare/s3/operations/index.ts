import { failures } from "../errors";
import { getBucketLocation, headBucket, listBuckets } from "./buckets";
import type { BucketCall, Call, ObjectCall } from "./call";
import { copyObject } from "./copy-object";
import { deleteObject, deleteObjects } from "./delete-objects";
import { getObject } from "./get-object";
import { listObjects, listObjectsV2 } from "./list-objects";
import { abortUpload, completeUpload, createUpload, uploadPart } from "./multipart";
import { putObject } from "./put-object";

interface Operation<On> {
  readonly action: "read" | "write";
  readonly run: (call: On) => Promise<Response>;
}

const reads = <On>(run: Operation<On>["run"]): Operation<On> => ({ action: "read", run });
const writes = <On>(run: Operation<On>["run"]): Operation<On> => ({ action: "write", run });

export const ACCOUNT_OPERATIONS: Readonly<Record<string, Operation<Call>>> = { GET: reads(listBuckets) };

/** By method and subresource. Buckets are created and deleted by Cloudflare's API; tokens for objects may not do so. */
export const BUCKET_OPERATIONS: Readonly<Record<string, Operation<BucketCall>>> = {
  HEAD: reads(headBucket),
  GET: reads(listObjects),
  "GET ?list-type": reads(listObjectsV2),
  "GET ?location": reads(getBucketLocation),
  "POST ?delete": { action: "write", run: deleteObjects },
  PUT: writes(denied),
  DELETE: writes(denied),
};

export const OBJECT_OPERATIONS: Readonly<Record<string, Operation<ObjectCall>>> = {
  HEAD: reads(getObject),
  GET: reads(getObject),
  PUT: writes(putObject),
  "PUT copy": writes(copyObject),
  DELETE: writes(deleteObject),
  "POST ?uploads": writes(createUpload),
  "PUT ?uploadId": writes(uploadPart),
  "POST ?uploadId": writes(completeUpload),
  "DELETE ?uploadId": writes(abortUpload),
};

async function denied(): Promise<Response> {
  throw failures.accessDenied();
}

/** The query parameters that make a request be about a part of a bucket or an object. */
const SUBRESOURCES = new Set([
  ...["accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "intelligent-tiering"],
  ...["inventory", "legal-hold", "lifecycle", "list-type", "location", "logging", "metrics", "notification"],
  ...["object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "replication"],
  ...["requestPayment", "restore", "retention", "select", "session", "tagging", "torrent", "uploadId"],
  ...["uploads", "versionId", "versioning", "versions", "website"],
]);

/** Finds the operation of a request. @throws S3Error 501 where it is not served */
export function findOperation<On>(
  operations: Readonly<Record<string, Operation<On>>>,
  { method, headers }: Request,
  query: URLSearchParams,
): Operation<On> {
  const subresource = [...query.keys()].find((name) => SUBRESOURCES.has(name));
  const copy = headers.has("x-amz-copy-source") ? "copy" : undefined;
  const name = [method, subresource && `?${subresource}`, copy].filter(Boolean).join(" ");
  const operation = operations[name];
  if (!operation) throw failures.notImplemented(name);
  return operation;
}

/** The S3 headers that R2 refuses instead of ignoring them. */
const REFUSED =
  /^x-amz-(acl|grant-.+|tagging|object-lock-.+|website-redirect-location|server-side-encryption.*|request-payer|expected-bucket-owner)$/;

/** @throws S3Error 501 */
export function assertServed(headers: Headers): void {
  const refused = [...headers].find(([name]) => REFUSED.test(name));
  if (refused) throw failures.notImplemented(`Header '${refused[0]}' with value '${refused[1]}'`);
}
