/* The bytes that JSON is made of (https://www.rfc-editor.org/rfc/rfc8259#section-2). */

export const objectOpen = 0x7b;
export const objectClose = 0x7d;
export const arrayOpen = 0x5b;
export const arrayClose = 0x5d;
export const quote = 0x22;
export const backslash = 0x5c;
export const colon = 0x3a;
export const comma = 0x2c;

// Most bytes pass through these two. They are functions of their own, on nothing but numbers, of which the compiler
// makes tight loops.

/** Index of the first byte from `at` on that is not a plain character of a string; the chunk's length where there is none. */
export function endOfPlain(chunk: Uint8Array, at: number): number {
  const { length } = chunk;
  for (let end = at; end < length; end++) {
    const byte = chunk[end] as number;
    if (byte === quote || byte === backslash || byte < 0x20) return end;
  }
  return length;
}

/** Index of the first byte from `at` on that is not white space; indentation is much of a state. */
export function endOfSpace(chunk: Uint8Array, at: number): number {
  const { length } = chunk;
  for (let end = at; end < length; end++) {
    const byte = chunk[end] as number;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return end;
  }
  return length;
}

export function isLiteralByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}
