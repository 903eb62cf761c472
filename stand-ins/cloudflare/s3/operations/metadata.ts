import { S3Error } from "../errors";
import { customBytes, type HttpMetadata, type Metadata, type StoredObject } from "../storage/bucket";

const MAX_CUSTOM_BYTES = 8192;
const PREFIX = "x-amz-meta-";

/** The fields of these headers; `expires` is converted separately. */
const HTTP_METADATA = {
  "content-type": "contentType",
  "content-language": "contentLanguage",
  "content-disposition": "contentDisposition",
  "content-encoding": "contentEncoding",
  "cache-control": "cacheControl",
} as const satisfies Record<string, keyof HttpMetadata>;

/** The metadata in the headers of a PUT. @throws S3Error 400 where it is more than R2 stores */
export function metadataOf(headers: Headers): Metadata {
  const http = Object.entries(HTTP_METADATA).flatMap(([header, name]) => {
    const value = header === "content-encoding" ? ownEncoding(headers) : headers.get(header);
    return value ? [[name, value]] : [];
  });
  const expiry = new Date(headers.get("expires") ?? "");
  const custom = [...headers]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, value]) => [name.slice(PREFIX.length), Buffer.from(value, "latin1").toString("utf8")]);
  const customMetadata = Object.fromEntries(custom) as Record<string, string>;
  if (customBytes(customMetadata) > MAX_CUSTOM_BYTES) {
    throw new S3Error(
      400,
      "MetadataTooLarge",
      "Your metadata headers exceed the maximum allowed metadata size.",
    );
  }
  return {
    httpMetadata: {
      ...Object.fromEntries(http),
      ...(!Number.isNaN(expiry.getTime()) && { cacheExpiry: expiry.toISOString() }),
    },
    customMetadata,
  };
}

/** The content encoding without `aws-chunked`, which is about the transfer only. */
function ownEncoding(headers: Headers): string | undefined {
  const encodings = headers.get("content-encoding")?.split(/\s*,\s*/) ?? [];
  return encodings.filter((each) => each !== "aws-chunked").join(", ") || undefined;
}

/** The response headers of GetObject and HeadObject. */
export function headersOf({ httpMetadata, customMetadata, etag, uploaded }: StoredObject): Headers {
  const headers = new Headers({
    etag: quoted(etag),
    "last-modified": new Date(uploaded).toUTCString(),
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
  });
  for (const [header, name] of Object.entries(HTTP_METADATA)) {
    const value = httpMetadata[name];
    if (value) headers.set(header, value);
  }
  if (httpMetadata.cacheExpiry) headers.set("expires", new Date(httpMetadata.cacheExpiry).toUTCString());
  for (const [name, value] of Object.entries(customMetadata)) {
    headers.set(PREFIX + name, Buffer.from(value, "utf8").toString("latin1"));
  }
  return headers;
}

export const quoted = (etag: string): string => `"${etag}"`;
