import { isMap, isScalar, LineCounter, parseAllDocuments, type YAMLMap } from "yaml";

/** A machine configuration that a node refuses. */
export class MachineConfigError extends Error {
  override readonly name = "MachineConfigError";
}

/** One document of a machine configuration. */
export interface ConfigDocument {
  /** `v1alpha1` for the document with `machine` and `cluster`. */
  readonly kind: string;
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** The line of a key or its value in the whole configuration. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

/** The main document has no `kind`. */
export const MAIN_KIND = "v1alpha1";
const MAIN_KEYS = ["machine", "cluster", "debug", "persist"];

/**
 * Parses the documents of a configuration as a node does.
 * @throws MachineConfigError where it is not YAML, or a document does not say what it is
 */
export function parseDocuments(text: string): readonly ConfigDocument[] {
  const lines = new LineCounter();
  // Pretty errors would quote the configuration, which is full of secrets.
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents: ConfigDocument[] = [];
  for (const source of "empty" in parsed ? [] : parsed) {
    const [error] = source.errors;
    if (error) {
      throw new MachineConfigError(
        `decode error: yaml: ${error.message} (line ${lineAt(lines, error.pos[0])})`,
      );
    }
    const { contents } = source;
    if (contents === null || (isScalar(contents) && contents.value === null)) continue;
    if (!isMap(contents)) {
      throw new MachineConfigError(`expected a YAML document at line ${lineAt(lines, contents.range?.[0])}`);
    }
    const document = decode(contents, lines);
    const twin = documents.find(({ kind, name }) => kind === document.kind && name === document.name);
    if (twin) {
      throw new MachineConfigError(
        `duplicate document ${document.kind}/${document.name} is not allowed (line ${document.lineOf([])})`,
      );
    }
    documents.push(document);
  }
  return documents;
}

function decode(contents: YAMLMap, lines: LineCounter): ConfigDocument {
  const value = withoutNulls(contents.toJSON()) as Record<string, unknown>;
  const lineOf = (path: readonly PropertyKey[]) => lineAt(lines, offsetOf(contents, path));
  const fail = (id: string, reason: string) =>
    new MachineConfigError(`error decoding document ${id} (line ${lineOf([])}): ${reason}`);
  const { apiVersion, kind, name } = value;
  if (kind === undefined) {
    if (apiVersion !== undefined || !MAIN_KEYS.some((key) => contents.has(key))) {
      throw fail(`${apiVersion ?? ""}/v1alpha1/`, "missing kind");
    }
    return { kind: MAIN_KIND, name: "", value, lineOf };
  }
  const id = `${apiVersion ?? ""}/${kind}/${name ?? ""}`;
  if (apiVersion === undefined) throw fail(id, "missing apiVersion");
  if (apiVersion !== "v1alpha1" || typeof kind !== "string") {
    throw fail(id, `"${kind}" "${apiVersion}": not registered`);
  }
  return { kind, name: typeof name === "string" ? name : "", value, lineOf };
}

/** The offset of the longest part of the path that exists; for an unknown key, of the key itself. */
function offsetOf(map: YAMLMap, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = map.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const container = length === 1 ? map : parent;
    if (isMap(container)) {
      const pair = container.items.find(({ key }) => isScalar(key) && key.value === last);
      if (pair && isScalar(pair.key)) return pair.key.range?.[0];
    }
    const node = map.getIn(path.slice(0, length), true);
    if (typeof node === "object" && node !== null && "range" in node) {
      return (node.range as readonly number[] | undefined)?.[0];
    }
  }
  return map.range?.[0];
}

const lineAt = (lines: LineCounter, offset = 0): number => lines.linePos(offset).line;

/** A key without a value (`key:`) counts as absent. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}
