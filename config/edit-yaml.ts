import { isDeepStrictEqual } from "node:util";
import { isScalar, isSeq, parseDocument } from "yaml";
import type { Path } from "./path";

/* Changes a value in the text of a user's file. All else stays as it is, to the byte: comments, order, quotes. */

/** @returns undefined if there is no plain value at `path`, such as a reference to an anchor */
export function withValue(text: string, path: Path, value: string): string | undefined {
  const document = parseDocument(text);
  const node: unknown = document.getIn(path, true);
  if (!isScalar(node) || !node.range || node.anchor || typeof node.value !== "string") return undefined;
  const [start, end] = node.range;
  const [quote = ""] = /^["']/.exec(text.slice(start, end)) ?? [];
  const edited = `${text.slice(0, start)}${quote}${value}${quote}${text.slice(end)}`;
  document.setIn(path, value);
  return means(edited, document.toJS()) ? edited : undefined;
}

/**
 * Removes an item of a list, with the comment on its last line.
 * @returns undefined if it is not written as an item of its own, or something else refers to it
 */
export function withoutItem(text: string, list: Path, index: number): string | undefined {
  const document = parseDocument(text);
  const found: unknown = document.getIn(list, true);
  const item: unknown = isSeq(found) ? found.items[index] : undefined;
  const range = (item as { readonly range?: readonly [number, number, number] | null } | undefined)?.range;
  if (!range) return undefined;
  const dash = /(?<=^|\n)[ \t]*-\s*$/.exec(text.slice(0, range[0]));
  if (dash === null) return undefined;
  // What follows the item up to the next one belongs to the next one.
  const content = text.slice(range[0], range[1]).replace(/(\n[ \t]*(#[^\n]*)?)*$/, "");
  const lineEnd = text.indexOf("\n", range[0] + content.length);
  const edited = text.slice(0, dash.index) + (lineEnd < 0 ? "" : text.slice(lineEnd + 1));
  document.deleteIn([...list, index]);
  return means(edited, document.toJS()) ? edited : undefined;
}

/** Whether the text is valid, and has this content. */
function means(text: string, content: unknown): boolean {
  try {
    const document = parseDocument(text);
    return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), content);
  } catch {
    // A reference whose anchor is gone.
    return false;
  }
}
