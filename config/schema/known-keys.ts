import { z } from "zod";
import type { Path } from "../path";

/** The keys that the schema knows at `path`; none where it describes no map there. */
export function knownKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (step === undefined) return keysOf(inner);
  if (inner instanceof z.ZodArray) return knownKeys(inner.element, rest);
  const child = inner instanceof z.ZodObject ? inner.shape[String(step)] : undefined;
  if (child !== undefined) return knownKeys(child, rest);
  if (inner instanceof z.ZodUnion)
    return [...new Set(inner.options.flatMap((each) => knownKeys(each, path)))];
  return [];
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion)
    return [...new Set(schema.options.flatMap((each) => keysOf(unwrap(each))))];
  return [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.unwrap()) : schema;
}
