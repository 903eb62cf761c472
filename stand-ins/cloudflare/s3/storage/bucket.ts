import type { S3Error } from "../errors";

/** An object in storage, as plain data. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** ISO 8601 */
  readonly uploaded: string;
  readonly httpMetadata: HttpMetadata;
  readonly customMetadata: Readonly<Record<string, string>>;
  /** Hex; only the checksums that were sent with the PUT. */
  readonly checksums: { readonly md5?: string; readonly sha1?: string; readonly sha256?: string };
  /** The bytes that a GET with a range returns. */
  readonly range?: { readonly offset: number; readonly length: number };
}

export interface HttpMetadata {
  readonly contentType?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  /** ISO 8601 */
  readonly cacheExpiry?: string;
}

export interface Metadata {
  readonly httpMetadata: HttpMetadata;
  readonly customMetadata: Readonly<Record<string, string>>;
}

export const customBytes = (metadata: Metadata["customMetadata"]): number =>
  Buffer.byteLength(Object.entries(metadata).flat().join(""));

/**
 * How much metadata Miniflare's R2 accepts with a put. R2 accepts 8 KiB, and so do Miniflare's multipart uploads, but
 * those have no conditions.
 */
export const PUT_METADATA_BYTES = 2048;

/** The headers If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since. */
export type Conditions = Readonly<Record<string, string>>;

export type Range = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

/** A stream of bytes with a known length. */
export interface Content {
  readonly body: ReadableStream<Uint8Array>;
  readonly length: number;
}

export interface GetOptions {
  readonly conditions: Conditions;
  readonly range?: Range;
  /** Returns an empty body instead of the object's. @default false */
  readonly withoutBody?: boolean;
}

export interface PutOptions extends Metadata {
  readonly conditions: Conditions;
  /** A checksum to store with the object. @default - none */
  readonly checksum?: { readonly sha1: string } | { readonly sha256: string };
}

export interface ListOptions {
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly cursor?: string;
  readonly startAfter?: string;
  /** 1 … 1000 */
  readonly limit: number;
}

export interface Listing {
  readonly objects: readonly StoredObject[];
  readonly delimitedPrefixes: readonly string[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

export interface Part {
  readonly partNumber: number;
  readonly etag: string;
}

/** An object that could not be deleted, and why. */
export interface Refusal {
  readonly key: string;
  readonly error: S3Error;
}

/** A bucket of R2. Each write is atomic, also under its conditions. */
export interface Bucket {
  /** @returns undefined where there is no such object */
  head(key: string): Promise<StoredObject | undefined>;
  /** @returns no body where the conditions do not hold; undefined where there is no such object */
  get(
    key: string,
    options: GetOptions,
  ): Promise<{ readonly object: StoredObject; readonly body?: ReadableStream<Uint8Array> } | undefined>;
  /** @returns undefined where the conditions do not hold */
  put(key: string, content: Content, options: PutOptions): Promise<StoredObject | undefined>;
  /** Objects that do not exist are ignored. @returns the objects that could not be deleted */
  delete(keys: readonly string[]): Promise<readonly Refusal[]>;
  list(options: ListOptions): Promise<Listing>;
  /** @returns the upload's ID */
  createUpload(key: string, metadata: Metadata): Promise<string>;
  /** @returns the part's ETag */
  putPart(key: string, uploadId: string, partNumber: number, content: Content): Promise<string>;
  completeUpload(key: string, uploadId: string, parts: readonly Part[]): Promise<StoredObject>;
  abortUpload(key: string, uploadId: string): Promise<void>;
}
