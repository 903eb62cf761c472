import type { Bucket } from "./storage/bucket";

export const JURISDICTIONS = ["default", "eu", "fedramp"] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** A bucket's identity within the account. */
export interface BucketName {
  readonly jurisdiction: Jurisdiction;
  readonly name: string;
}

/** What the S3 API has to know of the account. */
export interface S3Access {
  /** Undefined where there is no such bucket. */
  bucket(jurisdiction: Jurisdiction, name: string): Promise<Bucket | undefined>;
  /** Undefined where no such key pair is valid now. */
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
  /** Must come with every request where there is one. */
  readonly sessionToken?: string;
  /** May list the account's buckets; a token for objects may not. @default false */
  readonly listsBuckets?: boolean;
  /** @param key an object, or the prefix of a listing; none for what concerns the whole bucket */
  allows(bucket: BucketName, action: "read" | "write", key?: string): boolean;
}
