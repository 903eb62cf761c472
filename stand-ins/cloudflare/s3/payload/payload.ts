import { failures, S3Error } from "../errors";
import type { Content } from "../storage/bucket";
import { decodeAwsChunked } from "./aws-chunked";
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumHeader,
  createChecksum,
  createMD5,
  createSHA256,
  type IHasher,
} from "./checksums";

export const UNSIGNED = "UNSIGNED-PAYLOAD";
export const UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SHA256 = /^[0-9a-f]{64}$/;

/** The body of a request. Reading it fails before its end if length or checksums are not as announced. */
export interface Payload extends Content {
  /** The checksum that the client sent, in Base64. One in a trailer is known only after the end of the body. */
  checksum(): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
}

interface Check {
  readonly name: string;
  readonly hasher: IHasher;
  readonly encoding: "hex" | "base64";
  /** To be called at the end of the body, since the value may be in a trailer. */
  expected(): string | undefined;
  readonly failure: () => S3Error;
}

/**
 * Opens the body of a request, with the checks that its headers announce.
 * @param payloadHash the signed value of x-amz-content-sha256
 * @throws S3Error 400, 411, 501
 */
export async function openPayload({ headers, body }: Request, payloadHash: string): Promise<Payload> {
  const trailers = new Map<string, string>();
  const chunked = payloadHash === UNSIGNED_TRAILER;
  const length = announcedLength(headers, chunked);
  const algorithm = announcedChecksum(headers);
  const checksum = () =>
    algorithm && (headers.get(checksumHeader(algorithm)) ?? trailers.get(checksumHeader(algorithm)));
  const checks = await Promise.all([
    ...signedHash(payloadHash),
    ...contentMd5(headers),
    ...(algorithm ? [checksumCheck(algorithm, checksum)] : []),
  ]);
  const source = sentBytes(body);
  const decoded = chunked ? decodeAwsChunked(source, trailers) : source;
  const checked = checkedBytes(decoded, length, checks);
  // An empty body has no last bytes to hold back, so it is checked now.
  if (length === 0) await checked.next();
  return {
    length,
    body: ReadableStream.from(checked),
    checksum: () => {
      const value = checksum();
      return algorithm && value ? { algorithm, value } : undefined;
    },
  };
}

/** @throws S3Error 400 where the client disconnects */
async function* sentBytes(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body;
  } catch {
    throw new S3Error(400, "ClientDisconnect", "The client disconnected before the request completed.");
  }
}

/** Yields the last bytes only after all checks have passed, so that a wrong body never looks complete. */
async function* checkedBytes(
  source: AsyncIterable<Uint8Array>,
  length: number,
  checks: readonly Check[],
): AsyncGenerator<Uint8Array, undefined> {
  let received = 0;
  let last: Uint8Array | undefined;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    if (last) yield last;
    last = chunk;
    received += chunk.length;
    if (received > length) break;
    for (const { hasher } of checks) hasher.update(chunk);
  }
  if (received !== length) {
    throw new S3Error(400, "IncompleteBody", `The body is not of the ${length} bytes that were announced.`);
  }
  for (const { name, hasher, encoding, expected, failure } of checks) {
    const value = expected();
    if (value === undefined)
      throw failures.invalidRequest(`The trailer ${name} was announced and did not come.`);
    if (Buffer.from(hasher.digest("binary")).toString(encoding) !== value) throw failure();
  }
  if (last) yield last;
  return undefined;
}

function announcedLength(headers: Headers, chunked: boolean): number {
  const name = chunked ? "x-amz-decoded-content-length" : "content-length";
  const length = headers.get(name);
  if (length === null) {
    throw new S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
  }
  if (!/^\d{1,15}$/.test(length)) throw failures.invalidArgument(`${name}: ${length}`);
  return Number(length);
}

/** The checksum that a request announces, in a header or as a trailer. @throws S3Error 400 where there are several */
function announcedChecksum(headers: Headers): ChecksumAlgorithm | undefined {
  const trailer = headers.get("x-amz-trailer")?.toLowerCase() ?? "";
  const [algorithm, ...more] = CHECKSUM_ALGORITHMS.filter(
    (each) => headers.has(checksumHeader(each)) || trailer.split(/\s*,\s*/).includes(checksumHeader(each)),
  );
  if (more.length > 0) {
    throw failures.invalidRequest("You can only specify one non-default checksum at a time.");
  }
  return algorithm;
}

function signedHash(payloadHash: string): Promise<Check>[] {
  if (payloadHash === UNSIGNED || payloadHash === UNSIGNED_TRAILER) return [];
  if (!SHA256.test(payloadHash)) throw failures.notImplemented(payloadHash);
  const failure = () =>
    new S3Error(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  return [check("x-amz-content-sha256", createSHA256(), "hex", () => payloadHash, failure)];
}

function contentMd5(headers: Headers): Promise<Check>[] {
  const value = headers.get("content-md5");
  if (value === null) return [];
  if (!isDigest(value, 16)) throw failures.invalidDigest("Content-MD5", value);
  return [check("Content-MD5", createMD5(), "base64", () => value)];
}

async function checksumCheck(
  algorithm: ChecksumAlgorithm,
  expected: () => string | undefined,
): Promise<Check> {
  const name = checksumHeader(algorithm);
  const hasher = await createChecksum(algorithm);
  const given = expected();
  if (given !== undefined && !isDigest(given, hasher.digestSize)) throw failures.invalidDigest(name, given);
  return check(name, Promise.resolve(hasher), "base64", expected);
}

async function check(
  name: string,
  hasher: Promise<IHasher>,
  encoding: Check["encoding"],
  expected: Check["expected"],
  failure: Check["failure"] = () => failures.badDigest(name),
): Promise<Check> {
  return { name, hasher: await hasher, encoding, expected, failure };
}

const isDigest = (value: string, bytes: number): boolean =>
  /^[A-Za-z0-9+/]+={0,2}$/.test(value) && Buffer.from(value, "base64").length === bytes;
