import { createHash } from "node:crypto";
import { brokenRules, isLineage, isSerial } from "../domain/state-guard";
import { StateError } from "./errors";

/** A state, and what its bytes tell without a key. */
export interface Snapshot {
  readonly bytes: Uint8Array;
  /** In the clear in encrypted states too. It is authenticated there, so bytes are never edited. */
  readonly serial: number;
  readonly lineage: string;
  readonly encrypted: boolean;
  readonly sha256: string;
  /** Number of resources; undefined if the state is encrypted. */
  readonly resources?: number;
}

/**
 * Reads what identifies a state.
 * @param where the bytes are from, for the error
 * @throws StateError if the bytes are not a state
 */
export function snapshot(bytes: Uint8Array, where: string): Snapshot {
  const refuse = (reason: string) =>
    new StateError(
      `${where} is not a state: ${reason}`,
      "look at it; an older version or a backup may be what you need",
    );
  if (bytes.byteLength === 0) throw refuse("it is empty");
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw refuse("it is not JSON, or cut off");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse("it is not a JSON object");
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const serial = fields.get("serial");
  const lineage = fields.get("lineage");
  const encrypted = typeof fields.get("encrypted_data") === "string";
  if (!isSerial(serial)) throw refuse("it has no serial");
  if (!isLineage(lineage)) throw refuse("it has no lineage");
  if (!encrypted && fields.get("version") !== 4)
    throw refuse(`its version is ${fields.get("version")}, not 4`);
  const resources = fields.get("resources");
  return {
    bytes,
    serial,
    lineage,
    encrypted,
    sha256: sha256(bytes),
    resources: !encrypted && Array.isArray(resources) ? resources.length : undefined,
  };
}

/** The state in these bytes; undefined if they are not a state. */
export function snapshotIfValid(bytes: Uint8Array): Snapshot | undefined {
  try {
    return snapshot(bytes, "");
  } catch (error) {
    if (error instanceof StateError) return undefined;
    throw error;
  }
}

/** Whether a state goes on from another one: a newer serial of the same lineage. */
export const isSuccessorOf = (next: Snapshot, current: Snapshot): boolean =>
  next.sha256 !== current.sha256 && brokenRules(current, next, false).length === 0;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** `serial 12, lineage 4f1c…, encrypted, sha256 ab12…`, for people. */
export function describeSnapshot({ serial, lineage, encrypted, sha256 }: Snapshot): string {
  return `serial ${serial}, lineage ${lineage.slice(0, 8)}…, ${encrypted ? "encrypted" : "plain text"}, sha256 ${sha256.slice(0, 12)}…`;
}
