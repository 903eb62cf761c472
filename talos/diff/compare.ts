import { isDeepStrictEqual } from "node:util";
import { type ConfigDocument, configDocuments } from "./documents";

/** A key of a machine config that is not the same in two of them. */
export interface Change {
  /** The document, as in {@link ConfigDocument}. */
  readonly document: string;
  /** The keys and indexes that lead to it; empty for a whole document. */
  readonly path: readonly (string | number)[];
  /** Undefined if it was not there. */
  readonly before?: unknown;
  /** Undefined if it is not there any more. */
  readonly after?: unknown;
}

/** What is different in the second config: document by document, key by key. The order of documents and keys does not matter. */
export function compareConfigs(before: string, after: string): readonly Change[] {
  const [old, young] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((document) =>
    compareValues(old.get(document), young.get(document)).map((change) => ({ document, ...change })),
  );
}

const byName = (config: string): ReadonlyMap<string, ConfigDocument["content"]> =>
  new Map(configDocuments(config).map(({ name, content }) => [name, content]));

type ValueChange = Omit<Change, "document">;

function compareValues(before: unknown, after: unknown, path: Change["path"] = []): readonly ValueChange[] {
  if (isDeepStrictEqual(before, after) || (isNothing(before) && isNothing(after))) return [];
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => compareValues(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => compareValues(item, after[index], [...path, index]));
  }
  return [{ path, before, after }];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Talos does not tell an empty value from one that is not there. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.values(value).every(isNothing);
}
