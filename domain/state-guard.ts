/** The properties by which two versions of a state are compared. They can be read without the key of an encrypted state. */
export interface StateIdentity {
  /** Undefined or null if the state has none. */
  readonly serial?: number | null;
  readonly lineage?: string | null;
  readonly encrypted: boolean;
  readonly sha256: string;
}

/**
 * Rules for a version that replaces another: it has a newer serial and the same lineage, and it is encrypted if that is
 * required. An override lifts a rule by its name, for one write.
 */
export const stateRules = ["serial", "lineage", "plaintext"] as const;
export type StateRule = (typeof stateRules)[number];

/** Whether `value` is a serial: a whole number from 0 on. No client reads -0. */
export const isSerial = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);

/** The serial that a number of JSON is, as it is written: clients read neither 1e3 nor 5.0. Null where it is none. */
export function readSerial(text: string | null | undefined): number | null {
  const serial = /^(0|[1-9]\d*)$/.test(text ?? "") ? Number(text) : null;
  return isSerial(serial) ? serial : null;
}

/** Whether `value` is a lineage: a text that is not empty. */
export const isLineage = (value: unknown): value is string => typeof value === "string" && value !== "";

/**
 * The rules that `next` breaks as the successor of `current`. The same bytes again can only break `plaintext`.
 * @param current undefined or null if there is no state
 * @param mustEncrypt whether plaintext is refused
 */
export function brokenRules(
  current: StateIdentity | undefined | null,
  next: StateIdentity,
  mustEncrypt: boolean,
): readonly StateRule[] {
  const plaintext: StateRule[] = mustEncrypt && !next.encrypted ? ["plaintext"] : [];
  if (!current || current.sha256 === next.sha256) return plaintext;
  if (isLineage(current.lineage) && next.lineage !== current.lineage) return [...plaintext, "lineage"];
  const isNewer = !isSerial(current.serial) || (isSerial(next.serial) && next.serial > current.serial);
  return isNewer ? plaintext : [...plaintext, "serial"];
}
