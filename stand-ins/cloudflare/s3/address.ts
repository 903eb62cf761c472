import type { Jurisdiction } from "./access";
import { S3Error } from "./errors";

/** What the path of a request names. */
export interface Address {
  readonly jurisdiction: Jurisdiction;
  /** Undefined for the account itself. */
  readonly bucket?: string;
  /** Undefined for the bucket itself. */
  readonly key?: string;
}

// R2 has a host for each jurisdiction. The stand-in has only one address, so it uses a path prefix.
const JURISDICTIONS: Readonly<Record<string, Jurisdiction>> = { _eu: "eu", _fedramp: "fedramp" };

/** Reads `/bucket/key`, `/_eu/bucket/key`. @throws S3Error 400 */
export function parseAddress(pathname: string): Address {
  const [first = "", ...rest] = decode(pathname).slice(1).split("/");
  const jurisdiction = JURISDICTIONS[first];
  const [bucket, ...key] = jurisdiction ? rest : [first, ...rest];
  return {
    jurisdiction: jurisdiction ?? "default",
    ...(bucket && { bucket }),
    ...(bucket && key.join("/") && { key: key.join("/") }),
  };
}

/** @throws S3Error 400 where the path is not percent-encoded UTF-8 */
export function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new S3Error(400, "InvalidURI", `Couldn't parse the specified URI: ${pathname}`);
  }
}
