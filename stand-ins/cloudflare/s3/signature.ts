import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Hash } from "@smithy/core/serde";
import { createScope, getCanonicalHeaders, getSigningKey, SignatureV4Base } from "@smithy/signature-v4";
import type { S3Access, S3Credential } from "./access";
import { decode } from "./address";
import { type Claim, claimOf } from "./claim";
import { failures, S3Error } from "./errors";

const REGIONS: readonly string[] = ["auto", "us-east-1", "", "wnam", "enam", "weur", "eeur", "apac", "oc"];
const Sha256 = Hash.bind(null, "sha256");
const SKEW_MS = 15 * 60_000;

export interface Caller {
  readonly credential: S3Credential;
  /** x-amz-content-sha256, as signed. */
  readonly payloadHash: string;
}

/**
 * Who has signed this request, with Signature Version 4 in its header or its query.
 * @throws S3Error 400, 401, 403
 */
export async function authenticate(request: Request, url: URL, access: S3Access): Promise<Caller> {
  const claim = claimOf(request, url);
  assertTime(claim, Date.now());
  if (!REGIONS.includes(claim.region)) {
    throw new S3Error(400, "InvalidRegionName", `The region name '${claim.region}' is not valid.`);
  }
  const credential = access.credential(claim.accessKeyId);
  if (!credential) throw failures.unauthorized();
  const expected = await new Resigner(claim, credential).signatureOf(request, url);
  if (!isSame(expected, claim.signature)) throw failures.signatureDoesNotMatch();
  if (!isSame(credential.sessionToken ?? "", claim.sessionToken ?? "")) {
    throw new S3Error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  }
  return { credential, payloadHash: claim.payloadHash };
}

function assertTime({ time, shortDate, date, lifetimeMs }: Claim, now: number): void {
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

/** Signs what has come with the secret that its caller should have. */
class Resigner extends SignatureV4Base {
  constructor(
    private readonly claim: Claim,
    private readonly credential: S3Credential,
  ) {
    const { accessKeyId, region } = claim;
    const { secretAccessKey } = credential;
    super({
      service: "s3",
      region,
      credentials: { accessKeyId, secretAccessKey },
      sha256: Sha256,
      uriEscapePath: false,
    });
  }

  async signatureOf({ method, headers }: Request, url: URL): Promise<string> {
    const { accessKeyId, region, longDate, shortDate, signedHeaders, payloadHash } = this.claim;
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

/** A header is bytes, which arrive as Latin-1 and were signed as UTF-8. */
const utf8 = (value: string): string => Buffer.from(value, "latin1").toString("utf8");

/** As S3 has it: one name for a key, however it was escaped on the way. */
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
