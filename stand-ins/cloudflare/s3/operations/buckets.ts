import { failures } from "../errors";
import { xmlResponse } from "../xml";
import type { BucketCall, Call } from "./call";

export async function listBuckets({ access, credential, jurisdiction }: Call): Promise<Response> {
  if (!credential.listsBuckets) throw failures.accessDenied();
  const buckets = await access.buckets(jurisdiction);
  return xmlResponse("ListAllMyBucketsResult", {
    Buckets: {
      Bucket: buckets.map(({ name, creationDate }) => ({ Name: name, CreationDate: creationDate })),
    },
  });
}

/** The bucket exists, or the request would have been answered before. */
export const headBucket = async (_call: BucketCall): Promise<Response> => new Response(null);

export const getBucketLocation = async (_call: BucketCall): Promise<Response> =>
  xmlResponse("LocationConstraint", {});
