import type { Pattern } from "./pattern";

/** @see https://developers.cloudflare.com/r2/buckets/create-buckets/#bucket-level-operations */
export const BUCKET_NAME: Pattern = {
  regex: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
  advice: "is not the name of a bucket; use 3 to 63 of a-z, 0-9 and -",
};

/**
 * The jurisdictions that a bucket can be bound to.
 * @see https://developers.cloudflare.com/r2/reference/data-location/#jurisdictional-restrictions
 */
export const R2_JURISDICTIONS = ["eu", "fedramp"] as const;
/** One of {@link R2_JURISDICTIONS}; a bucket without one is in the default jurisdiction. */
export type R2Jurisdiction = (typeof R2_JURISDICTIONS)[number];

/**
 * Where R2 has buckets: western and eastern North America, western and eastern Europe, Asia and the Pacific, Oceania.
 * @see https://developers.cloudflare.com/r2/reference/data-location/
 */
export const R2_LOCATIONS = ["wnam", "enam", "weur", "eeur", "apac", "oc"] as const;
/** One of {@link R2_LOCATIONS}. */
export type R2Location = (typeof R2_LOCATIONS)[number];

/**
 * Names a bucket as the resource of a token's policy.
 * @see https://developers.cloudflare.com/r2/api/tokens/#create-api-tokens-via-api
 */
export function bucketResource(accountId: string, bucket: string, jurisdiction?: R2Jurisdiction): string {
  return `com.cloudflare.edge.r2.bucket.${accountId}_${jurisdiction ?? "default"}_${bucket}`;
}

/**
 * The S3 endpoint of an account; each jurisdiction has its own.
 * @see https://developers.cloudflare.com/r2/api/s3/api/
 */
export function r2Endpoint(accountId: string, jurisdiction?: R2Jurisdiction): string {
  return `https://${[accountId, jurisdiction, "r2.cloudflarestorage.com"].filter(Boolean).join(".")}`;
}
