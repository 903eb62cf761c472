import type { S3Error } from "../errors";

/** An object as it is kept: plain data, unlike the objects of an R2 binding. */
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
  /** Hex, of those that were given with the put. */
  readonly checksums: { readonly md5?: string; readonly sha1?: string; readonly sha256?: string };
  /** What of it a get answers with. */
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
 * What Miniflare's R2 takes of it with a put. R2 takes 8 KiB, and so do Miniflare's multipart uploads, which know
 * no conditions.
 */
export const PUT_METADATA_BYTES = 2048;

/** If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since, as they come. */
export type Conditions = Readonly<Record<string, string>>;

export type Range = { readonly offset: number; readonly length?: number } | { readonly suffix: number };

/** Bytes whose number is known before they come. */
export interface Content {
  readonly body: ReadableStream<Uint8Array>;
  readonly length: number;
}

export interface GetOptions {
  readonly conditions: Conditions;
  readonly range?: Range;
  /** Answer an empty body in place of the object's. @default false */
  readonly withoutBody?: boolean;
}

export interface PutOptions extends Metadata {
  readonly conditions: Conditions;
  /** A checksum to keep with the object. */
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

/** An object that is not deleted. */
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
  /** Also of what is not there. @returns what was refused and stays */
  delete(keys: readonly string[]): Promise<readonly Refusal[]>;
  list(options: ListOptions): Promise<Listing>;
  /** @returns the upload's id */
  createUpload(key: string, metadata: Metadata): Promise<string>;
  /** @returns the part's ETag */
  putPart(key: string, uploadId: string, partNumber: number, content: Content): Promise<string>;
  completeUpload(key: string, uploadId: string, parts: readonly Part[]): Promise<StoredObject>;
  abortUpload(key: string, uploadId: string): Promise<void>;
}
