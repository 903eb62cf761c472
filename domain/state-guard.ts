/** What two versions of a state are compared by. All of it can be read of an encrypted state too, without a key. */
export interface StateIdentity {
  /** Undefined or null where the state has none. */
  readonly serial?: number | null;
  readonly lineage?: string | null;
  readonly encrypted: boolean;
  readonly sha256: string;
}

/**
 * Rules for the version that replaces another: its serial is newer, its lineage the same, and it is encrypted where
 * that is required. Each can be lifted by its name, for one write.
 */
export const stateRules = ["serial", "lineage", "plaintext"] as const;
export type StateRule = (typeof stateRules)[number];

/** Whether `value` is a serial: a whole number from 0 on. */
export const isSerial = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** Whether `value` is a lineage: a text that is not empty. */
export const isLineage = (value: unknown): value is string => typeof value === "string" && value !== "";

/**
 * The rules that `next` breaks as the successor of `current`. The same bytes again break none but `plaintext`.
 * @param current undefined or null where there is no state
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
