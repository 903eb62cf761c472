/** An error answer of the S3 API, with R2's error codes. */
export class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** @see https://developers.cloudflare.com/r2/api/error-codes/ */
export const failures = {
  unauthorized: () => new S3Error(401, "Unauthorized", "Unauthorized"),
  accessDenied: (message = "Access Denied") => new S3Error(403, "AccessDenied", message),
  signatureDoesNotMatch: () =>
    new S3Error(
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.",
    ),
  expiredRequest: () => new S3Error(400, "ExpiredRequest", "Request has expired"),
  noSuchBucket: () => new S3Error(404, "NoSuchBucket", "The specified bucket does not exist."),
  noSuchKey: () => new S3Error(404, "NoSuchKey", "The specified key does not exist."),
  noSuchUpload: () => new S3Error(404, "NoSuchUpload", "The specified multipart upload does not exist."),
  invalidArgument: (message: string) => new S3Error(400, "InvalidArgument", message),
  invalidRequest: (message: string) => new S3Error(400, "InvalidRequest", message),
  invalidDigest: (name: string, value: string) =>
    new S3Error(400, "InvalidDigest", `The ${name} you specified, "${value}", is not valid.`),
  badDigest: (name: string) =>
    new S3Error(400, "BadDigest", `The ${name} you specified did not match what we received.`),
  invalidRange: () => new S3Error(416, "InvalidRange", "The requested range is not satisfiable"),
  malformedXml: () => new S3Error(400, "MalformedXML", "The XML you provided was not well formed."),
  preconditionFailed: () =>
    new S3Error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."),
  notImplemented: (what: string) => new S3Error(501, "NotImplemented", `${what} not implemented`),
} as const;

/** The S3 errors for the number at the end of an R2 binding's error: `put: The specified object name is not valid. (10020)` */
const BY_NUMBER: Readonly<Record<number, readonly [status: number, code: string]>> = {
  10007: [404, "NoSuchKey"],
  10011: [400, "EntityTooSmall"],
  10012: [400, "MetadataTooLarge"],
  10020: [400, "InvalidObjectName"],
  10022: [400, "InvalidArgument"],
  10024: [404, "NoSuchUpload"],
  10025: [400, "InvalidPart"],
  10029: [400, "InvalidArgument"],
  10031: [412, "PreconditionFailed"],
  10037: [400, "BadDigest"],
  10039: [416, "InvalidRange"],
  10048: [400, "InvalidPart"],
  100100: [400, "EntityTooLarge"],
};

/** Converts the error message of an R2 binding to an S3Error; to a plain Error where the number is unknown. */
export function fromBindingError(message: string): Error {
  const [, text, number] = /^\w+: (.*) \((\d+)\)$/s.exec(message) ?? [];
  const [status, code] = BY_NUMBER[Number(number)] ?? [];
  return status && code && text ? new S3Error(status, code, text) : new Error(message);
}
