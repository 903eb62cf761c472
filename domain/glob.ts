import type { Pattern } from "./pattern";

/** A valid glob. It is short, because a single object of the Worker matches globs for all logins. */
export const GLOB: Pattern = {
  regex: /^(?!(?:[^*]*\*){11})[\s\S]{1,500}$/,
  advice: "is not a pattern; use 1 to 500 characters, at most 10 of them stars",
};

/**
 * Whether a text matches a glob, in which `*` stands for any characters and everything else is literal. Each part
 * between two stars is matched at its first occurrence; a later one could not help the parts after it, so nothing is
 * tried twice.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const [head = "", ...parts] = glob.split("*");
  const tail = parts.pop();
  if (tail === undefined) return text === glob;
  const end = text.length - tail.length;
  if (head.length > end || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
