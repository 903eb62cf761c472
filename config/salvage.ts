import type { z } from "zod";
import { isMapping, type Path, startsWith, valueAt } from "./path";
import { type ClusterInput, clusterSchema } from "./schema/cluster";
import { exampleAt } from "./schema/known-keys";

/** A cluster that matches the schema, made of data of which some values do not. */
export interface Salvaged {
  readonly input: ClusterInput;
  /** The paths of the values that do not: left out, or with an example of the schema in their place. */
  readonly broken: readonly Path[];
}

/**
 * Takes out of the data what the schema refuses, so that the rest can be checked too.
 * @returns undefined if nothing is left to check
 */
export function salvage(data: unknown, error: z.ZodError): Salvaged | undefined {
  const broken: Path[] = [];
  let rest = data;
  let refused = pathsOf(error);
  for (;;) {
    const before = broken.length;
    for (const path of refused) {
      if (broken.some((each) => startsWith(path, each) && path.length > each.length)) continue;
      const place = placeToMend(path, rest, broken);
      if (place.length === 0) return undefined;
      rest = replaceAt(rest, place, exampleAt(clusterSchema, place));
      broken.push(place);
    }
    const parsed = clusterSchema.safeParse(rest);
    if (parsed.success) return { input: parsed.data, broken };
    // Each value is repaired once. If that did not help, its parent is repaired, so this ends.
    if (broken.length === before) return undefined;
    refused = pathsOf(parsed.error);
  }
}

function pathsOf(error: z.ZodError): Path[] {
  return error.issues.flatMap((issue): Path[] => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
  });
}

/** The refused value if the schema has an example for it, or if it can be left out; else what contains it. */
function placeToMend(path: Path, data: unknown, broken: readonly Path[]): Path {
  const parent = path.slice(0, -1);
  if (path.length === 0) return path;
  const isMended = broken.some((each) => each.length === path.length && startsWith(path, each));
  const canGo = isMapping(valueAt(data, parent)) && valueAt(data, path) !== undefined;
  if (!isMended && (canGo || exampleAt(clusterSchema, path) !== undefined)) return path;
  return placeToMend(parent, data, broken);
}

/** A copy of `data` with another value at `path`; without one if `value` is undefined. */
function replaceAt(data: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(data))
    return data.map((each, index) => (index === step ? replaceAt(each, rest, value) : each));
  if (!isMapping(data)) return data;
  const { [step]: old, ...others } = data;
  const changed = replaceAt(old, rest, value);
  return changed === undefined ? others : { ...others, [step]: changed };
}
