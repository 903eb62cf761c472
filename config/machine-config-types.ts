import machineConfig from "./machine-config.json";
import { isMapping } from "./path";

/** A type of Talos' machine config, as far as keys and forms go. */
export interface MachineConfigType {
  readonly form: "map" | "list" | "boolean" | "scalar" | "any";
  /** map: the keys that it can have; none if it takes any. */
  readonly keys: readonly string[];
  readonly schema: Schema;
}

type Schema = Readonly<Record<string, unknown>>;

interface Library {
  /** Documents by their kind, with the minor version of Talos that they came with. */
  readonly kinds: Readonly<Record<string, { readonly type: string; readonly since: number }>>;
  readonly types: Readonly<Record<string, Schema>>;
}

const library: Library = machineConfig;

/** The type of a document; undefined if there is no such kind. The main document has no kind. */
export function documentType(kind: unknown): {
  readonly type?: MachineConfigType;
  readonly kinds: readonly string[];
} {
  const { kinds, types } = library;
  const name = kind === undefined ? "v1alpha1.Config" : typeof kind === "string" && kinds[kind]?.type;
  const schema = name ? types[name] : undefined;
  return { type: schema && typeOf(schema), kinds: Object.keys(kinds) };
}

/** The minor version of Talos that a document came with. */
export function documentSince(kind: unknown): number {
  return typeof kind === "string" ? (library.kinds[kind]?.since ?? 0) : 0;
}

/** Undefined if the type has no such key. */
export function typeOfKey({ schema, keys }: MachineConfigType, key: string): MachineConfigType | undefined {
  const properties = mapOf(schema.properties);
  if (Object.hasOwn(properties, key)) return typeOf(mapOf(properties[key]));
  if (keys.length > 0) return undefined;
  const [pattern] = Object.values(mapOf(schema.patternProperties));
  return typeOf(mapOf(pattern ?? schema.additionalProperties));
}

export function typeOfItem({ schema }: MachineConfigType): MachineConfigType {
  return typeOf(mapOf(schema.items));
}

function typeOf(given: Schema): MachineConfigType {
  const { $ref } = given;
  const schema = typeof $ref === "string" ? (library.types[$ref] ?? {}) : given;
  return { schema, form: formOf(schema), keys: Object.keys(mapOf(schema.properties)) };
}

function formOf({ type, properties, patternProperties }: Schema): MachineConfigType["form"] {
  if (type === "object" || properties !== undefined || patternProperties !== undefined) return "map";
  if (type === "array") return "list";
  if (type === "boolean") return "boolean";
  // A number is as good as a text to YAML's decoder in Go.
  return type === "string" || type === "integer" ? "scalar" : "any";
}

function mapOf(value: unknown): Schema {
  return isMapping(value) ? value : {};
}
