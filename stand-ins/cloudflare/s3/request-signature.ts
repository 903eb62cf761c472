import { failures } from "./errors";
import { UNSIGNED } from "./payload/payload";

/** The signature of a request with everything that was signed. */
export interface RequestSignature {
  readonly accessKeyId: string;
  /** The date in the credential scope: `20261124`. */
  readonly shortDate: string;
  readonly region: string;
  /** In lower case. */
  readonly signedHeaders: readonly string[];
  /** Hex. */
  readonly signature: string;
  /** `20261124T101112Z` */
  readonly longDate: string;
  /** The date of the request: `20261124`. */
  readonly date: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** How long a presigned URL is valid; undefined for a signature in a header. */
  readonly lifetimeMs?: number;
  readonly payloadHash: string;
  readonly sessionToken?: string;
}

const MAX_LIFETIME_S = 7 * 24 * 3600;

/** Whether a request carries an AWS signature, valid or not. */
export const isSigned = (request: Request): boolean =>
  request.headers.get("authorization")?.startsWith("AWS4-") === true ||
  new URL(request.url).searchParams.has("X-Amz-Algorithm");

/** @throws S3Error 400, 403 */
export function parseRequestSignature({ headers }: Request, { searchParams }: URL): RequestSignature {
  const parsed = searchParams.has("X-Amz-Algorithm") ? ofQuery(headers, searchParams) : ofHeader(headers);
  const mustBeSigned = [...headers.keys()].filter((name) => name.startsWith("x-amz-"));
  const missing = ["host", ...mustBeSigned].filter((name) => !parsed.signedHeaders.includes(name));
  if (missing.length > 0) {
    throw failures.accessDenied(
      `There were headers present in the request which were not signed: ${missing.join(", ")}`,
    );
  }
  return parsed;
}

function ofHeader(headers: Headers): RequestSignature {
  const authorization = headers.get("authorization");
  if (authorization === null) throw failures.invalidArgument("Authorization");
  const [algorithm, ...rest] = authorization.split(" ");
  const fields = new Map(
    rest
      .join("")
      .split(",")
      .map((field) => field.split("=", 2) as [string, string]),
  );
  const parsed = parts({
    algorithm,
    credential: fields.get("Credential"),
    signedHeaders: fields.get("SignedHeaders"),
    signature: fields.get("Signature"),
    date: headers.get("x-amz-date"),
  });
  const payloadHash = headers.get("x-amz-content-sha256");
  if (payloadHash === null) {
    throw failures.invalidRequest("Missing required header for this request: x-amz-content-sha256");
  }
  const sessionToken = headers.get("x-amz-security-token");
  return { ...parsed, payloadHash, ...(sessionToken !== null && { sessionToken }) };
}

function ofQuery(headers: Headers, query: URLSearchParams): RequestSignature {
  const lifetime = query.get("X-Amz-Expires") ?? "";
  if (!/^\d{1,6}$/.test(lifetime) || Number(lifetime) < 1 || Number(lifetime) > MAX_LIFETIME_S) {
    throw failures.invalidArgument(`X-Amz-Expires must be from 1 to ${MAX_LIFETIME_S} seconds`);
  }
  const sessionToken = query.get("X-Amz-Security-Token");
  return {
    ...parts({
      algorithm: query.get("X-Amz-Algorithm"),
      credential: query.get("X-Amz-Credential"),
      signedHeaders: query.get("X-Amz-SignedHeaders"),
      signature: query.get("X-Amz-Signature"),
      date: query.get("X-Amz-Date"),
    }),
    lifetimeMs: Number(lifetime) * 1000,
    payloadHash: query.get("X-Amz-Content-Sha256") ?? headers.get("x-amz-content-sha256") ?? UNSIGNED,
    ...(sessionToken !== null && { sessionToken }),
  };
}

type Parts = Record<
  "algorithm" | "credential" | "signedHeaders" | "signature" | "date",
  string | null | undefined
>;

function parts({ algorithm, credential, signedHeaders, signature, date }: Parts) {
  if (algorithm !== "AWS4-HMAC-SHA256") {
    throw failures.invalidArgument(`${algorithm} authorization is not supported. Please use SigV4 instead.`);
  }
  const scope = /^([^/]+)\/(\d{8})\/([^/]*)\/s3\/aws4_request$/.exec(credential ?? "");
  const time = timeOf(date ?? "");
  const [, accessKeyId, shortDate, region] = scope ?? [];
  if (!accessKeyId || !shortDate || region === undefined || !date || !time || !signedHeaders || !signature) {
    throw failures.invalidArgument("the signature is not one of Signature Version 4 for s3");
  }
  return {
    accessKeyId,
    shortDate,
    region,
    signedHeaders: signedHeaders.toLowerCase().split(";"),
    signature,
    longDate: date,
    date: date.slice(0, 8),
    time,
  };
}

/** Milliseconds since 1970; NaN where the text is not a time. */
function timeOf(date: string): number {
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
}
