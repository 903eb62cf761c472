import type { Conditions, StoredObject } from "../storage/bucket";

const NAMES = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"] as const;

/** The conditions of a request. @param prefix the start of their headers, which differs for the source of a copy */
export function conditionsOf(headers: Headers, prefix = ""): Conditions {
  const given = NAMES.map((name) => [name, headers.get(prefix + name)] as const);
  return Object.fromEntries(given.filter((entry): entry is [(typeof NAMES)[number], string] => !!entry[1]));
}

/** The status of a GET whose conditions do not hold (RFC 9110, 13.2.2). */
export function failedStatus(conditions: Conditions, { etag, uploaded }: StoredObject): 304 | 412 {
  const { "if-match": match, "if-unmodified-since": since } = conditions;
  if (match) return isMatch(match, etag) ? 304 : 412;
  return since && Date.parse(uploaded) > Date.parse(since) ? 412 : 304;
}

const isMatch = (header: string, etag: string): boolean =>
  header.split(",").some((each) => each.trim() === "*" || each.trim().replaceAll('"', "") === etag);
