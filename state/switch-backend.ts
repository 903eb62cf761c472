import { readFileSync, statSync } from "node:fs";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { StateBackend } from "../config";
import { writeFileAtomic } from "../process/write-file-atomic";
import { StateError } from "./errors";

/** Sets `state.backend` in a cluster file, in one step. Nothing else in the file changes. */
export function switchBackend(file: string, backend: StateBackend): void {
  const text = readFileSync(file, "utf8");
  const changed = withBackend(text, backend, file);
  if (changed === text) return;
  writeFileAtomic(file, changed, statSync(file).mode);
}

/** The file that has the key `state`; the first file where none has. */
export function fileWithState(files: readonly [string, ...string[]]): string {
  return files.find((file) => stateOf(readFileSync(file, "utf8")) !== undefined) ?? files[0];
}

/**
 * Sets `state.backend` in the text of a cluster file. Comments, order and format stay as they are.
 * @param file where the text is from, for the error
 * @throws StateError if that cannot be done safely
 */
export function withBackend(text: string, backend: StateBackend, file: string): string {
  const before = parse(text);
  const [error] = before.errors;
  if (error) {
    const [reason = ""] = error.message.split(/ at line \d/);
    throw new StateError(`${file}:${error.linePos?.[0].line ?? 1}: ${reason}`, "correct that first");
  }
  const changed = edit(text, backend);
  const after = changed === undefined ? undefined : parse(changed);
  const data = asObject(before.toJS());
  const expected = { ...data, state: { ...asObject(data.state), backend } };
  if (changed !== undefined && after?.errors.length === 0 && sameData(after.toJS(), expected)) return changed;
  throw new StateError(
    `${file}:${lineOfState(text)}: state.backend cannot be changed safely in the form in which it is written`,
    `write it by hand:\n\nstate:\n  backend: ${backend}\n`,
  );
}

const parse = (text: string) => parseDocument(text, { merge: true });

function edit(text: string, backend: StateBackend): string | undefined {
  const insert = (at: number, what: string) => `${text.slice(0, at)}${what}${text.slice(at)}`;
  const state = stateOf(text);
  if (state === undefined) return `${text}${text.endsWith("\n") ? "" : "\n"}state:\n  backend: ${backend}\n`;
  if (isEmpty(state)) return insert(endOfLine(text, afterColon(text, state)), `\n  backend: ${backend}`);
  if (!isMap(state.value)) return undefined;
  const pair = pairOf(state.value, "backend");
  if (pair && isEmpty(pair)) return insert(afterColon(text, pair), ` ${backend}`);
  const value = pair?.value;
  if (isScalar(value) && value.range) {
    return text.slice(0, value.range[0]) + backend + text.slice(value.range[1]);
  }
  const start = state.value.range?.[0];
  if (start === undefined) return undefined;
  if (state.value.flow) {
    return insert(start + 1, `backend: ${backend}${state.value.items.length > 0 ? ", " : ""}`);
  }
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  return insert(start, `backend: ${backend}\n${indent}`);
}

/** Whether there is nothing after the colon. */
function isEmpty({ value }: Pair): boolean {
  return isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1];
}

function afterColon(text: string, { key }: Pair): number {
  return text.indexOf(":", isScalar(key) ? key.range?.[1] : 0) + 1;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** The line of the key `state`; where there is none, the last line, after which it would go. */
function lineOfState(text: string): number {
  const key = stateOf(text)?.key;
  const before = isScalar(key) && key.range ? text.slice(0, key.range[0]) : text.trimEnd();
  return before.split("\n").length;
}

function stateOf(text: string): Pair | undefined {
  const { contents } = parse(text);
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
