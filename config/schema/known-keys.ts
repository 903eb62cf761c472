import { z } from "zod";
import type { Path } from "../path";

/** The keys that the schema knows at `path`; none where it describes no map there. */
export function knownKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  return [...new Set(schemasAt(schema, path).flatMap(keysOf))];
}

/** The example that the schema gives for the value at `path`; undefined if there is none. */
export function exampleAt(schema: z.core.$ZodType, path: Path): unknown {
  return schemasAt(schema, path)
    .map((each) => (each instanceof z.ZodType ? each.meta()?.examples : undefined))
    .find(Array.isArray)?.[0];
}

/** What describes the value at `path`: several schemas below a union, none where the schema does not go. */
function schemasAt(schema: z.core.$ZodType, path: Path): readonly z.core.$ZodType[] {
  const [step, ...rest] = path;
  if (step === undefined) return [schema];
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return schemasAt(inner.element, rest);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((each) => schemasAt(each, path));
  const child = inner instanceof z.ZodObject ? inner.shape[String(step)] : undefined;
  return child === undefined ? [] : schemasAt(child, rest);
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  return inner instanceof z.ZodUnion ? inner.options.flatMap(keysOf) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.unwrap()) : schema;
}
