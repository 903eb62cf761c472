import { parameterError } from "./errors";
import { checkValue, SCHEMA_ERRORS, type ValueSpec } from "./value-check";

/** A parameter of a call, in the terms of Proxmox VE's API schema. */
export interface ParameterSpec extends ValueSpec {
  readonly required?: boolean;
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
    if (spec.required && raw[name] === undefined) errors[name] = SCHEMA_ERRORS.missing;
  }
  for (const [name, value] of Object.entries(raw)) {
    const spec = table[name];
    if (!spec) {
      errors[name] = SCHEMA_ERRORS.notDefined;
      continue;
    }
    const checked = checkParameter(spec, value, name);
    if (typeof checked === "object" && "error" in checked) errors[name] = checked.error;
    else values[name] = checked;
  }
  if (Object.keys(errors).length > 0) throw parameterError(errors);
  // Every name and type was checked against the table above.
  return values as ParameterValues<T>;
}

function checkParameter(
  spec: ParameterSpec,
  raw: string | readonly string[],
  name: string,
): ParameterValue | { readonly error: string } {
  if (spec.type === "array") return typeof raw === "string" ? [raw] : raw;
  // As in the real API, the last value counts where a name is given twice.
  return checkValue(spec, typeof raw === "string" ? raw : (raw.at(-1) ?? ""), name);
}

/** Splits a list as the API does: at commas, semicolons and blanks. */
export const splitList = (text: string | undefined): readonly string[] =>
  (text ?? "").split(/[,;\s]+/).filter(Boolean);
