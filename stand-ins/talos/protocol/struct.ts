/** What JSON can hold. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** An object as a `google.protobuf.Struct`. */
export const struct = (object: Readonly<Record<string, Json>>): object => ({
  fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, toValue(value)])),
});

function toValue(value: Json): object {
  if (value === null) return { nullValue: "NULL_VALUE" };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (isList(value)) return { listValue: { values: value.map(toValue) } };
  return { structValue: struct(value) };
}

const isList = (value: readonly Json[] | object): value is readonly Json[] => Array.isArray(value);
