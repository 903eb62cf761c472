import type { Bucket } from "./storage/bucket";

export const JURISDICTIONS = ["default", "eu", "fedramp"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** A bucket's identity within the account. */
export interface BucketName {
  readonly jurisdiction: Jurisdiction;
  readonly name: string;
}

/** What the S3 API needs to know of the account. */
export interface S3Access {
  /** @returns undefined where there is no such bucket */
  bucket(jurisdiction: Jurisdiction, name: string): Promise<Bucket | undefined>;
  /** @returns undefined where the key pair does not exist or is not valid now */
  credential(accessKeyId: string): S3Credential | undefined;
  /** All buckets of a jurisdiction, for ListBuckets. */
  buckets(jurisdiction: Jurisdiction): Promise<readonly BucketInfo[]>;
}

export interface BucketInfo {
  readonly name: string;
  /** ISO 8601 */
  readonly creationDate: string;
}

export interface S3Credential {
  readonly secretAccessKey: string;
  /** Must be sent with every request. @default - the credential has none */
  readonly sessionToken?: string;
  /** Whether it may list the account's buckets. Tokens for objects may not. @default false */
  readonly listsBuckets?: boolean;
  /** @param key an object, or the prefix of a listing; undefined for the bucket as a whole */
  allows(bucket: BucketName, action: "read" | "write", key?: string): boolean;
}
