import { readFileSync, realpathSync, statSync } from "node:fs";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { StateBackend } from "../config";
import { StateError } from "./problem";
import { writeWhole } from "./write-whole";

/** Sets `state.backend` in a file, in one step, and nothing else. */
export function switchBackend(file: string, backend: StateBackend): void {
  const path = realpathSync(file);
  const text = readFileSync(path, "utf8");
  const changed = withBackend(text, backend, file);
  if (changed === text) return;
  writeWhole(path, changed, statSync(path).mode);
}

/** Of `files`, the one that has the key `state`; else the first. */
export function fileWithState(files: readonly [string, ...string[]]): string {
  return files.find((file) => stateOf(readFileSync(file, "utf8")) !== undefined) ?? files[0];
}

/**
 * The text with `state.backend` set. Comments, order and format stay as they are: the value alone is replaced.
 * @param file named in the error
 * @throws StateError where that cannot be done safely
 */
export function withBackend(text: string, backend: StateBackend, file: string): string {
  const changed = edit(text, backend);
  const before: unknown = parseDocument(text, options).toJS();
  const after: unknown = changed === undefined ? undefined : parseDocument(changed, options).toJS();
  const wanted = { ...asObject(before), state: { ...asObject(asObject(before).state), backend } };
  if (changed !== undefined && sameData(after, wanted)) return changed;
  throw new StateError(
    `${file}: state.backend is written in a way that only a person should edit`,
    "write it plainly",
  );
}

const options = { merge: true };

function edit(text: string, backend: StateBackend): string | undefined {
  const state = stateOf(text);
  if (state === undefined) return `${text}${text.endsWith("\n") ? "" : "\n"}state:\n  backend: ${backend}\n`;
  if (!isMap(state.value)) return undefined;
  const value = pairOf(state.value, "backend")?.value;
  if (isScalar(value) && value.range) {
    return text.slice(0, value.range[0]) + backend + text.slice(value.range[1]);
  }
  const start = state.value.range?.[0];
  if (start === undefined) return undefined;
  if (state.value.flow) {
    const rest = state.value.items.length > 0 ? ", " : "";
    return `${text.slice(0, start + 1)}backend: ${backend}${rest}${text.slice(start + 1)}`;
  }
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  return `${text.slice(0, start)}backend: ${backend}\n${indent}${text.slice(start)}`;
}

function stateOf(text: string): Pair | undefined {
  const { contents } = parseDocument(text, options);
  return isMap(contents) ? pairOf(contents, "state") : undefined;
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function sameData(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}
