import { parameterError } from "./errors";

/** A parameter of a call, in the terms of Proxmox VE's API schema. */
export interface ParameterSpec {
  readonly type: "string" | "integer" | "number" | "boolean" | "array";
  readonly required?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  /** A regular expression for the whole value. */
  readonly pattern?: string;
}

export type ParameterTable = Readonly<Record<string, ParameterSpec>>;

/** Parameters as they are sent: form fields, or the values of a JSON body. */
export type RawParameters = Readonly<Record<string, string | readonly string[]>>;

export type ParameterValue = string | number | boolean | readonly string[];

interface ValueByType {
  readonly string: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly array: readonly string[];
}

type ValueOf<S extends ParameterSpec> = ValueByType[S["type"]];

/** The checked values of a table, in which the required ones are always present. */
export type ParameterValues<T extends ParameterTable> = {
  readonly [K in keyof T as T[K] extends { required: true } ? K : never]: ValueOf<T[K]>;
} & {
  readonly [K in keyof T as T[K] extends { required: true } ? never : K]?: ValueOf<T[K]>;
};

export const VMID = { type: "integer", minimum: 100, maximum: 999_999_999 } as const;
export const DIGEST = { type: "string", maxLength: 64 } as const;

/** `net0` … `net31`, which Proxmox VE's API schema writes as `net[n]`. */
export function indexed(name: string, count: number, spec: ParameterSpec): ParameterTable {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, spec]));
}

/**
 * Checks names, types and ranges and converts the values.
 * @throws ApiError 400 with a text for every parameter that is wrong
 */
export function checkParameters<T extends ParameterTable>(table: T, raw: RawParameters): ParameterValues<T> {
  const errors: Record<string, string> = {};
  const values: Record<string, ParameterValue> = {};
  for (const [name, spec] of Object.entries(table)) {
    if (spec.required && raw[name] === undefined) errors[name] = "property is missing and it is not optional";
  }
  for (const [name, value] of Object.entries(raw)) {
    const spec = table[name];
    if (!spec) {
      errors[name] = "property is not defined in schema and the schema does not allow additional properties";
      continue;
    }
    const checked = checkValue(spec, value);
    if (typeof checked === "object" && "error" in checked) errors[name] = checked.error;
    else values[name] = checked;
  }
  if (Object.keys(errors).length > 0) throw parameterError(errors);
  // Every name and type was checked against the table above.
  return values as ParameterValues<T>;
}

function checkValue(
  spec: ParameterSpec,
  raw: string | readonly string[],
): ParameterValue | { readonly error: string } {
  if (spec.type === "array") return typeof raw === "string" ? [raw] : raw;
  // As in the real API, the last value counts where a name is given twice.
  const text = typeof raw === "string" ? raw : (raw.at(-1) ?? "");
  const typeError = { error: `type check ('${spec.type}') failed - got '${text}'` };
  if (spec.type === "boolean") {
    if (/^(1|on|yes|true)$/i.test(text)) return true;
    if (/^(0|off|no|false)$/i.test(text)) return false;
    return typeError;
  }
  if (spec.type === "string") return textError(spec, text) ?? text;
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

function textError(spec: ParameterSpec, text: string): { readonly error: string } | undefined {
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

/** Splits a list as the API does: at commas, semicolons and blanks. */
export const splitList = (text: string | undefined): readonly string[] =>
  (text ?? "").split(/[,;\s]+/).filter(Boolean);
