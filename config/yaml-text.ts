import { isUtf8 } from "node:buffer";
import { fail } from "./config-error";

/** Half a mebibyte: about a thousand nodes. */
export const MAX_BYTES = 512 * 1024;
/** Limits for open brackets and columns of indentation. The parser is recursive: deeper nesting overflows its stack. */
const MAX_OPEN_BRACKETS = 64;
const MAX_INDENTATION = 256;

/**
 * The text of a configuration file, without a byte order mark.
 *
 * @throws ConfigError if it is too large, not UTF-8, nested too deeply, or has control characters.
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) {
    fail(`the file has ${bytes.length} bytes, more than ${MAX_BYTES}; split the cluster`, file);
  }
  const text = decodeUtf8(file, bytes);
  rejectControlCharacters(file, text);
  rejectDeepNesting(file, text);
  return text;
}

function decodeUtf8(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // No multi-byte UTF-8 sequence contains a line feed, so each line can be checked alone.
    const lines = Buffer.from(bytes).toString("latin1").split("\n");
    const bad = lines.findIndex((line) => !isUtf8(Buffer.from(line, "latin1")));
    return fail("the line is not UTF-8; save the file as UTF-8", file, bad + 1);
  }
}

function rejectControlCharacters(file: string, text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control === null) return;
  const code = control[0].charCodeAt(0).toString(16).padStart(4, "0");
  const line = text.slice(0, control.index).split("\n").length;
  fail(`the line has the control character U+${code}; remove it`, file, line);
}

function rejectDeepNesting(file: string, text: string): void {
  let open = 0;
  for (const [index, line] of text.split("\n").entries()) {
    for (const char of line) {
      if (char === "[" || char === "{") open++;
      else if ((char === "]" || char === "}") && open > 0) open--;
      if (open > MAX_OPEN_BRACKETS) {
        fail(`more than ${MAX_OPEN_BRACKETS} brackets are open here; close the ones before`, file, index + 1);
      }
    }
    const indentation = /^[\s?:-]*/.exec(line)?.[0].length ?? 0;
    if (indentation > MAX_INDENTATION) {
      fail(`the line is indented by more than ${MAX_INDENTATION} columns; nest less deeply`, file, index + 1);
    }
  }
}
