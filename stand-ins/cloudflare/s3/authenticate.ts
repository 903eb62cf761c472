import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Hash } from "@smithy/core/serde";
import { createScope, getCanonicalHeaders, getSigningKey, SignatureV4Base } from "@smithy/signature-v4";
import type { S3Access, S3Credential } from "./access";
import { decode } from "./address";
import { failures, S3Error } from "./errors";
import { parseRequestSignature, type RequestSignature } from "./request-signature";

const REGIONS: readonly string[] = ["auto", "us-east-1", "", "wnam", "enam", "weur", "eeur", "apac", "oc"];
const Sha256 = Hash.bind(null, "sha256");
const SKEW_MS = 15 * 60_000;

export interface Caller {
  readonly credential: S3Credential;
  /** The signed value of x-amz-content-sha256. */
  readonly payloadHash: string;
}

/**
 * Finds out who signed a request, with Signature Version 4 in a header or in the query.
 * @throws S3Error 400, 401, 403
 */
export async function authenticate(request: Request, url: URL, access: S3Access): Promise<Caller> {
  const signed = parseRequestSignature(request, url);
  assertTime(signed, Date.now());
  if (!REGIONS.includes(signed.region)) {
    throw new S3Error(400, "InvalidRegionName", `The region name '${signed.region}' is not valid.`);
  }
  const credential = access.credential(signed.accessKeyId);
  if (!credential) throw failures.unauthorized();
  const expected = await new ExpectedSignature(signed, credential).compute(request, url);
  if (!isSame(expected, signed.signature)) throw failures.signatureDoesNotMatch();
  if (!isSame(credential.sessionToken ?? "", signed.sessionToken ?? "")) {
    throw new S3Error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  }
  return { credential, payloadHash: signed.payloadHash };
}

function assertTime({ time, shortDate, date, lifetimeMs }: RequestSignature, now: number): void {
  if (date !== shortDate) throw failures.signatureDoesNotMatch();
  if (time > now + SKEW_MS || (lifetimeMs === undefined && time < now - SKEW_MS)) {
    throw new S3Error(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the server's time is too large.",
    );
  }
  if (lifetimeMs !== undefined && time + lifetimeMs < now) throw failures.expiredRequest();
}

/** The signature that a request should have, made with the caller's secret. */
class ExpectedSignature extends SignatureV4Base {
  constructor(
    private readonly signed: RequestSignature,
    private readonly credential: S3Credential,
  ) {
    const { accessKeyId, region } = signed;
    const { secretAccessKey } = credential;
    super({
      service: "s3",
      region,
      credentials: { accessKeyId, secretAccessKey },
      sha256: Sha256,
      uriEscapePath: false,
    });
  }

  async compute({ method, headers }: Request, url: URL): Promise<string> {
    const { accessKeyId, region, longDate, shortDate, signedHeaders, payloadHash } = this.signed;
    const signed = signedHeaders.map((name) => [name, utf8(headerOf(headers, name, url))]);
    const canonical = this.createCanonicalRequest(
      {
        protocol: url.protocol,
        hostname: url.hostname,
        method,
        headers: {},
        path: canonicalPath(url.pathname),
        query: queryOf(url),
      },
      getCanonicalHeaders(
        { headers: Object.fromEntries(signed), method, protocol: "", hostname: "", path: "" },
        undefined,
        new Set(signedHeaders),
      ),
      payloadHash,
    );
    const scope = createScope(shortDate, region, "s3");
    const text = await this.createStringToSign(longDate, scope, canonical, "AWS4-HMAC-SHA256");
    const { secretAccessKey } = this.credential;
    const key = await getSigningKey(Sha256, { accessKeyId, secretAccessKey }, shortDate, region, "s3");
    return createHmac("sha256", key).update(text).digest("hex");
  }
}

const headerOf = (headers: Headers, name: string, url: URL): string =>
  headers.get(name) ?? (name === "host" ? url.host : "");

/** Node gives the bytes of a header as Latin-1; clients sign them as UTF-8. */
const utf8 = (value: string): string => Buffer.from(value, "latin1").toString("utf8");

/** The path as it is signed: escaped in one way, however the client escaped it. */
const canonicalPath = (pathname: string): string =>
  encodeURIComponent(decode(pathname))
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

function queryOf({ searchParams }: URL): Record<string, string[]> {
  return Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
