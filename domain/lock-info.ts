/** A lock as Terraform and OpenTofu describe it, in the HTTP, S3 and local backends alike. */
export interface LockInfo {
  readonly ID: string;
  readonly Operation: string;
  readonly Info: string;
  readonly Who: string;
  readonly Version: string;
  /** RFC 3339. Clients cannot parse the whole lock if this is anything else. */
  readonly Created: string;
  readonly Path: string;
}

/** Marks a lock as a freeze of the tfstate Worker. It is a separate field, because a client may write any text in `Info`. */
export interface FreezeMark {
  /** ID of the one lock that may be taken while the freeze lasts. */
  readonly lock?: string;
  /** Operation of that lock, such as `arrival`. */
  readonly operation?: string;
}

/** The lock that blocks others: a client's lock, or a freeze of the Worker. */
export interface LockHolder extends LockInfo {
  /** Set if the holder is a freeze. */
  readonly freeze?: FreezeMark;
}

/** Longest ID that a lock may have, in characters: clients send UUIDs, and CI systems the IDs of their runs. */
export const maxLockIdLength = 256;
/** Longer texts are cut, because waiting clients print them. */
const maxTextLength = 4096;
/** The format that Go parses as a time (https://www.rfc-editor.org/rfc/rfc3339#section-5.6). */
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Parses a lock from an untrusted source. A field of the wrong type becomes empty, because clients refuse the whole lock
 * for one bad field.
 * @param created replaces a `Created` that is not a time
 * @returns undefined if the text is not a JSON object
 */
export function parseLockInfo(text: string, created = ""): LockInfo | undefined {
  const fields = parseObject(text);
  return fields && lockInfoOf(fields, created);
}

/** How {@link readLockHolder} describes a lock that it cannot read. */
export interface UnreadableLock {
  /** Where the text was found. */
  readonly where: string;
  /** @default "unreadable" */
  readonly id?: string;
  /** @default "" */
  readonly who?: string;
  /** RFC 3339. @default "" */
  readonly created?: string;
}

/** Parses the holder of a lock. An unreadable lock still counts as a lock. It gets an ID, because clients only wait for a holder with an ID. */
export function readLockHolder(text: string, unreadable: UnreadableLock): LockHolder {
  const { where, id = "unreadable", who = "", created = "" } = unreadable;
  const fields = parseObject(text);
  const info = fields && lockInfoOf(fields, created);
  if (info?.ID) return { ...info, ...freezeOf(fields?.freeze) };
  return {
    ID: id,
    Operation: "unknown",
    Info: `${where} cannot be read`,
    Who: who,
    Version: "",
    Created: created,
    Path: "",
  };
}

function lockInfoOf(fields: Readonly<Record<string, unknown>>, created: string): LockInfo {
  const text = (name: keyof LockInfo) => {
    const value = fields[name];
    return typeof value === "string" ? value : "";
  };
  const short = (name: keyof LockInfo) => text(name).slice(0, maxTextLength);
  const time = text("Created");
  return {
    ID: text("ID"),
    Operation: short("Operation"),
    Info: short("Info"),
    Who: short("Who"),
    Version: short("Version"),
    Created: rfc3339.test(time) && !Number.isNaN(Date.parse(time)) ? time : created,
    Path: short("Path"),
  };
}

function freezeOf(value: unknown): { readonly freeze?: FreezeMark } {
  if (typeof value !== "object" || value === null) return {};
  const { lock, operation } = value as Readonly<Record<string, unknown>>;
  return {
    freeze: {
      ...(typeof lock === "string" && { lock }),
      ...(typeof operation === "string" && { operation }),
    },
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
