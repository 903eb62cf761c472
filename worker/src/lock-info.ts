import { Refusal } from "./problem";

/** The lock as Terraform and OpenTofu describe it on the wire. */
export interface LockInfo {
  readonly ID: string;
  readonly Operation: string;
  readonly Info: string;
  readonly Who: string;
  readonly Version: string;
  /** RFC 3339. Clients fail to read the whole holder when this is anything else. */
  readonly Created: string;
  readonly Path: string;
}

/** Longest lock ID we keep; clients send UUIDs, and CI systems send run IDs. */
const maxIdLength = 256;
const maxTextLength = 4096;
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a LockInfo that a client or an S3 lock file holds. Fields of a wrong type become empty, because what is
 * stored is later shown to other clients, which refuse the whole answer on one bad field.
 */
export function parseLockInfo(text: string, now: Date): LockInfo | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const fields = new Map(Object.entries(value));
  const field = (name: string): string => {
    const text = fields.get(name);
    return typeof text === "string" ? text.slice(0, maxTextLength) : "";
  };
  const created = field("Created");
  return {
    ID: typeof fields.get("ID") === "string" ? String(fields.get("ID")) : "",
    Operation: field("Operation"),
    Info: field("Info"),
    Who: field("Who"),
    Version: field("Version"),
    Created: rfc3339.test(created) && !Number.isNaN(Date.parse(created)) ? created : now.toISOString(),
    Path: field("Path"),
  };
}

/**
 * The LockInfo of a LOCK request.
 * @throws Refusal when it is no JSON object or carries no usable ID: without one nothing could ever be fenced.
 */
export function lockRequest(text: string, now: Date): LockInfo {
  const info = parseLockInfo(text, now);
  if (info === null) {
    throw new Refusal({
      status: 400,
      code: "lock_info_malformed",
      message: "the body of LOCK is not a JSON object with the lock's ID",
      fix: 'send the LockInfo of the client, at least {"ID": "…"}',
    });
  }
  if (info.ID.length === 0 || info.ID.length > maxIdLength) {
    throw new Refusal({
      status: 400,
      code: "lock_id_missing",
      message: `LOCK needs an ID of 1 to ${maxIdLength} characters, got ${info.ID.length}`,
      fix: 'send {"ID": "…"} with an ID that was never used before',
    });
  }
  return info;
}
