import type { Capture } from "./json-strings";

/** What a client makes of a value: the type of the field in Go that it is read into. A null leaves every one as it is. */
export type Shape =
  /** Not looked at: `json.RawMessage`, and every key that the client does not know. */
  | { readonly type: "any" }
  | { readonly type: "text" }
  /** `[]byte`, which is base64. */
  | { readonly type: "bytes" }
  /** `uint64`. */
  | { readonly type: "count" }
  | { readonly type: "flag" }
  /** The key of an instance: a text or a number that fits a `float64`. */
  | { readonly type: "index" }
  | { readonly type: "list"; readonly of: Shape }
  | { readonly type: "map"; readonly of: Shape }
  | StructShape;
export interface StructShape {
  readonly type: "struct";
  readonly fields: readonly Field[];
}
export interface Field {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly shape: Shape;
}

export const any: Shape = { type: "any" };
const text: Shape = { type: "text" };
/** A text that identifies the state or one of its resources. */
export const kept: Shape = { type: "text" };
const bytes: Shape = { type: "bytes" };
const count: Shape = { type: "count" };
const flag: Shape = { type: "flag" };
const list = (of: Shape): Shape => ({ type: "list", of });
const map = (of: Shape): Shape => ({ type: "map", of });
const struct = (fields: Readonly<Record<string, Shape>>): StructShape => ({
  type: "struct",
  fields: Object.entries(fields).map(([name, shape]) => ({
    name,
    bytes: new TextEncoder().encode(name),
    shape,
  })),
});

const instance = struct({
  index_key: { type: "index" },
  status: text,
  deposed: text,
  provider: text,
  schema_version: count,
  attributes: any,
  attributes_flat: map(text),
  sensitive_attributes: any,
  private: bytes,
  dependencies: list(text),
  depends_on: list(text),
  create_before_destroy: flag,
  skip_destroy: flag,
  identity: any,
  identity_schema_version: count,
});

export const resource = struct({
  module: kept,
  mode: kept,
  type: kept,
  name: kept,
  each: text,
  provider: text,
  instances: list(instance),
});

const checkedObject = struct({ object_addr: text, status: text, failure_messages: list(text) });

/**
 * What OpenTofu and Terraform read of a state (`stateV4` in internal/states/statefile/version4.go), and of an encrypted
 * one (`basedata` and `statedata` in internal/encryption/base.go and state.go).
 */
export const state = struct({
  version: count,
  terraform_version: kept,
  serial: count,
  lineage: kept,
  outputs: map(struct({ value: any, type: any, sensitive: flag, deprecated: text })),
  resources: list(resource),
  check_results: list(
    struct({ object_kind: text, config_addr: text, status: text, objects: list(checkedObject) }),
  ),
  meta: map(bytes),
  encrypted_data: bytes,
  encryption_version: kept,
});

/** The place of the field that has this key for its name, to the letter; -1 if there is none. */
export function fieldOf({ fields }: StructShape, key: Capture): number {
  for (let at = 0; at < fields.length; at++) if (key.is((fields[at] as Field).bytes)) return at;
  const text = key.text();
  return fields.findIndex(({ name }) => name === text);
}

/**
 * The name of the field that Go reads a key into where no field has it for its name: the one that differs in case only,
 * where ſ is a form of s and the Kelvin sign one of k (`foldName` in encoding/json/fold.go).
 */
export function foldedName({ fields }: StructShape, key: string): string | null {
  const folded = key.replaceAll("ſ", "s").toLowerCase();
  return fields.find(({ name }) => name === folded)?.name ?? null;
}
