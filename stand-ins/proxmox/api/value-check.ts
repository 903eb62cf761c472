/** A value in the terms of Proxmox VE's API schema: that of a parameter, or of a part of a property string. */
export interface ValueSpec {
  readonly type: "string" | "integer" | "number" | "boolean" | "array";
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  /** A regular expression for the whole value. */
  readonly pattern?: string;
  readonly format?: NamedFormat | PropertyFormat;
}

/** A check of a text that has a name in the API schema, such as `mac-addr`. @returns what is wrong, if anything */
export type NamedFormat = (text: string) => string | undefined;

/** `a,b=1,c=2`: the parts of a property string by their keys. */
export interface PropertyFormat {
  readonly parts: Readonly<Record<string, PartSpec>>;
  /** Checks the whole once its parts are right: what depends on several parts. */
  readonly whole?: NamedFormat;
}

export type PartSpec = ValuePart | AliasPart;

interface ValuePart extends ValueSpec {
  readonly required?: boolean;
  /** Whether the key may be left out: `virtio` for `model=virtio`. */
  readonly defaultKey?: boolean;
  /** Another part that this one needs. */
  readonly requires?: string;
}

/** Another key of a part: `freeze-fs-on-backup` for `freeze-fs`. */
interface AliasPart {
  readonly alias: string;
  /** The part whose value is this key itself: `virtio=BC:24:…` is `model=virtio,macaddr=BC:24:…`. */
  readonly keyAlias?: string;
}

export type CheckedValue = string | number | boolean;

const NOT_DEFINED = "property is not defined in schema and the schema does not allow additional properties";
const MISSING = "property is missing and it is not optional";

/** The texts for a name that the schema does not have, and for one that must be given. */
export const SCHEMA_ERRORS = { notDefined: NOT_DEFINED, missing: MISSING } as const;

/**
 * Checks and converts a value.
 * @param path what a property string's errors begin with: `net0` for `net0.tag`
 */
export function checkValue(
  spec: ValueSpec,
  text: string,
  path: string,
): CheckedValue | { readonly error: string } {
  if (spec.type === "string") return textError(spec, text, path) ?? text;
  const typeError = { error: `type check ('${spec.type}') failed - got '${text}'` };
  // Words such as `yes` are accepted in property strings only, where they become numbers first.
  if (spec.type === "boolean") return text === "1" ? true : text === "0" ? false : typeError;
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) return typeError;
  if (spec.type === "integer" && !/^[+-]?\d+$/.test(text)) return typeError;
  if (spec.minimum !== undefined && number < spec.minimum) {
    return { error: `value must have a minimum value of ${spec.minimum}` };
  }
  if (spec.maximum !== undefined && number > spec.maximum) {
    return { error: `value must have a maximum value of ${spec.maximum}` };
  }
  return number;
}

function textError(spec: ValueSpec, text: string, path: string): { readonly error: string } | undefined {
  const invalid = formatError(spec.format, text, path);
  if (invalid !== undefined) return { error: `invalid format - ${invalid}` };
  if (spec.enum && !spec.enum.includes(text)) {
    return { error: `value '${text}' does not have a value in the enumeration '${spec.enum.join(", ")}'` };
  }
  if (spec.maxLength !== undefined && text.length > spec.maxLength) {
    return { error: `value may only be ${spec.maxLength} characters long` };
  }
  if (spec.pattern !== undefined && !new RegExp(`^(?:${spec.pattern})$`).test(text)) {
    return { error: "value does not match the regex pattern" };
  }
  return undefined;
}

function formatError(format: ValueSpec["format"], text: string, path: string): string | undefined {
  if (format === undefined) return undefined;
  return typeof format === "function" ? format(text) : propertyStringError(format, text, path);
}

/** What is wrong with a property string, in Proxmox' own words. */
function propertyStringError(format: PropertyFormat, text: string, path: string): string | undefined {
  const parsed = splitParts(format, text);
  if (typeof parsed === "string") return parsed;
  const errors: string[] = [];
  const add = (key: string, what: string) => errors.push(`${path}.${key}: ${what}`);
  for (const [key, spec] of Object.entries(format.parts)) {
    if ("alias" in spec) continue;
    if (spec.required && !parsed.has(key)) add(key, MISSING);
    if (spec.requires !== undefined && parsed.has(key) && !parsed.has(spec.requires)) {
      add(spec.requires, `missing property required by '${path}.${key}'`);
    }
  }
  for (const [key, value] of parsed) {
    const spec = format.parts[key];
    if (!spec || "alias" in spec) {
      add(key, NOT_DEFINED);
      continue;
    }
    const checked = checkValue(spec, value, `${path}.${key}`);
    if (typeof checked === "object") add(key, checked.error);
  }
  if (errors.length > 0) return `format error\n${errors.join("\n")}\n`;
  return format.whole?.(text);
}

/** The parts by their keys, aliases resolved; or why the text is not a list of parts. */
function splitParts({ parts }: PropertyFormat, text: string): ReadonlyMap<string, string> | string {
  const values = new Map<string, string>();
  const duplicate = (key: string) => `duplicate key in comma-separated list property: ${key}`;
  const defaultKey = Object.keys(parts).find((key) => {
    const spec = parts[key];
    return spec && "defaultKey" in spec && spec.defaultKey;
  });
  for (const part of text.split(",")) {
    if (part.trim() === "") continue;
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      if (part.includes("=")) return "missing key in comma-separated list property";
      if (defaultKey === undefined) return "value without key, but schema does not define a default key";
      if (values.has(defaultKey)) return duplicate(defaultKey);
      values.set(defaultKey, part);
      continue;
    }
    const spec = parts[name];
    const key = spec && "alias" in spec ? spec.alias : name;
    if (values.has(key)) return duplicate(key);
    if (spec && "alias" in spec && spec.keyAlias !== undefined) {
      if (values.has(spec.keyAlias)) return `key alias '${spec.keyAlias}' is already defined`;
      values.set(spec.keyAlias, name);
    }
    const target = parts[key];
    values.set(key, target && "type" in target && target.type === "boolean" ? asDigit(value) : value);
  }
  return values;
}

/** In a property string, a boolean may be a word. */
function asDigit(text: string): string {
  if (/^(?:1|on|yes|true)$/i.test(text)) return "1";
  return /^(?:0|off|no|false)$/i.test(text) ? "0" : text;
}
