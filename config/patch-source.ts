import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import { ConfigError } from "./config-error";
import type { Diagnostic } from "./diagnostic";
import { displayValue } from "./display-value";
import { documentType, type MachineConfigType, typeOfItem, typeOfKey } from "./machine-config-types";
import { isMapping } from "./path";
import { closestWord } from "./spelling";
import type { MachineConfigPatchConfig } from "./talos-config";
import { decodeText } from "./yaml-text";

/** A file with patches for machine configs: one YAML document or several. */
export interface PatchSource {
  readonly documents: readonly MachineConfigPatchConfig[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What is wrong, and where in the text. */
type Finding = readonly [offset: number, text: string];

/** In a patch, deletes the map that contains it. */
const DELETE = "$patch";

/** Reads a file and looks for what Talos would not understand: a patch with a misspelt key must not reach a node. */
export function parsePatch(file: string, bytes: Uint8Array): PatchSource {
  let text: string;
  try {
    text = decodeText(file, bytes);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { documents: [], diagnostics: error.diagnostics };
  }
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true };
  const parsed = [...parseAllDocuments(text, options)].filter((each) => !isEmpty(each));
  const invalid = parsed.flatMap(({ errors }) =>
    errors.map(({ message, pos }): Finding => {
      const cause = `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\s+/g, " ");
      return [pos[0], `not valid YAML: ${cause}; correct this line or the one before it`];
    }),
  );
  const findings: readonly Finding[] =
    parsed.length === 0
      ? [[0, "the file has no patch in it; add one, or leave the file out"]]
      : invalid.length > 0
        ? invalid
        : parsed.flatMap((document) => [...check(document)]);
  const diagnostics = findings.map(([offset, why]) => ({
    at: { file, line: lines.linePos(offset).line },
    text: why,
  }));
  if (diagnostics.length > 0) return { documents: [], diagnostics };
  return { documents: parsed.map((document): unknown => document.toJS()).filter(isMapping), diagnostics };
}

function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));
}

/** Checks one document against the types of Talos' own library. */
function* check(document: Document.Parsed): Iterable<Finding> {
  const { contents } = document;
  if (!isMap(contents)) {
    yield [
      offsetOf(contents),
      "a patch is a map as in the machine config; start it with a key such as machine:",
    ];
    return;
  }
  const kind: unknown = contents.get("kind");
  const { type, kinds } = documentType(kind);
  if (type !== undefined) {
    yield* checkValue(document, contents, type, []);
    return;
  }
  const meant = closestWord(String(kind), kinds);
  const hint = meant === undefined ? "see Talos' reference for the kinds" : `did you mean ${meant}?`;
  yield [offsetOf(contents.get("kind", true)), `kind ${displayValue(kind)} is no document of Talos; ${hint}`];
}

function* checkValue(
  document: Document.Parsed,
  node: unknown,
  type: MachineConfigType,
  path: readonly string[],
): Iterable<Finding> {
  const value = isAlias(node) ? node.resolve(document) : node;
  if (value === undefined || value === null || (isScalar(value) && value.value === null)) return;
  const problem = formProblem(type.form, value);
  if (problem !== undefined) {
    yield [offsetOf(node), `${path.join(".")} ${problem}`];
  } else if (type.form === "map" && isMap(value)) {
    for (const { key, value: inner } of value.items) yield* checkKey(document, key, inner, type, path);
  } else if (type.form === "list" && isSeq(value)) {
    for (const [index, item] of value.items.entries()) {
      yield* checkValue(document, item, typeOfItem(type), [...path.slice(0, -1), `${path.at(-1)}[${index}]`]);
    }
  }
}

function* checkKey(
  document: Document.Parsed,
  key: unknown,
  value: unknown,
  type: MachineConfigType,
  path: readonly string[],
): Iterable<Finding> {
  const name = isScalar(key) ? String(key.value) : "";
  if (name === DELETE) return;
  const at = [...path, name];
  const inner = typeOfKey(type, name);
  if (inner !== undefined) {
    yield* checkValue(document, value, inner, at);
    return;
  }
  const meant = closestWord(name, type.keys);
  const hint = meant === undefined ? `use one of ${type.keys.join(", ")}` : `did you mean ${meant}?`;
  yield [offsetOf(key), `${at.join(".")} is no key of Talos' machine config; ${hint}`];
}

function formProblem(form: MachineConfigType["form"], value: unknown): string | undefined {
  switch (form) {
    case "map":
      return isMap(value) ? undefined : "is not a map; write its keys below it, indented";
    case "list":
      return isSeq(value) ? undefined : "is not a list; write it as [a, b] or with a - before each entry";
    case "boolean":
      if (isScalar(value) && typeof value.value === "boolean") return undefined;
      return "is not true or false; write one of them, without quotes";
    case "scalar":
      return isScalar(value) ? undefined : "is not a single value; write it on the line of its key";
    case "any":
      return undefined;
  }
}

function offsetOf(node: unknown): number {
  return (node as Node | undefined)?.range?.[0] ?? 0;
}
