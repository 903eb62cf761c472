/* The bytes that JSON is made of (https://www.rfc-editor.org/rfc/rfc8259#section-2). */

export const objectOpen = 0x7b;
export const objectClose = 0x7d;
export const arrayOpen = 0x5b;
export const arrayClose = 0x5d;
export const quote = 0x22;
export const backslash = 0x5c;
export const colon = 0x3a;
export const comma = 0x2c;
export const tab = 0x09;
export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;
export const space = 0x20;

/** A chunk, in which runs are passed four bytes at a time. */
export class Chunk {
  readonly #view: DataView;
  /** The bytes from `#base` on in aligned words, which are faster than the view, for long runs. */
  readonly #words: Int32Array;
  readonly #base: number;

  constructor(readonly bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#base = -byteOffset & 3;
    this.#words = new Int32Array(buffer, byteOffset + this.#base, Math.max(0, byteLength - this.#base) >> 2);
  }

  /** Index of the first byte from `at` on that is not a plain character of a string; the chunk's length where there is none. */
  endOfPlain(at: number): number {
    const { bytes } = this;
    const { length } = bytes;
    const view = this.#view;
    let end = at;
    for (let words = 0; end + 4 <= length; end += 4) {
      const special = specialBytes(view.getInt32(end, true));
      if (special !== 0) return end + firstByte(special);
      if (++words === longRun) end = this.#endOfPlainWords(end);
    }
    for (; end < length; end++) {
      const byte = bytes[end] as number;
      if (byte < 0x20 || byte === quote || byte === backslash) return end;
    }
    return length;
  }

  /** Index of the first byte from `at` on that is not white space; indentation is much of a state. */
  endOfSpace(at: number): number {
    const { bytes } = this;
    const { length } = bytes;
    const view = this.#view;
    let end = at;
    while (end + 4 <= length && view.getInt32(end, true) === 0x20202020) end += 4;
    for (; end < length; end++) {
      const byte = bytes[end];
      if (byte !== space && byte !== lineFeed && byte !== carriageReturn && byte !== tab) return end;
    }
    return length;
  }

  /** Index from which on less than eight bytes are plain; those before it, down to `at`, are. */
  #endOfPlainWords(at: number): number {
    const words = this.#words;
    const last = words.length - 1;
    let end = (at - this.#base) >> 2;
    while (end < last && (specialBytes(words[end] as number) | specialBytes(words[end + 1] as number)) === 0)
      end += 2;
    return Math.max(at, this.#base + 4 * end - 4);
  }
}

/** Words of a string after which it counts as long. */
const longRun = 8;

/**
 * The high bit of a byte is set where the byte ends a run of plain characters, and perhaps in bytes after such a one
 * (https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord).
 */
function specialBytes(word: number): number {
  const quotes = word ^ 0x22222222;
  const slashes = word ^ 0x5c5c5c5c;
  return (
    (((quotes - 0x01010101) & ~quotes) |
      ((slashes - 0x01010101) & ~slashes) |
      ((word - 0x20202020) & ~word)) &
    0x80808080
  );
}

/** Which byte of a word it is, in the order of memory, whose bit is set first. */
const firstByte = (bits: number): number => (31 - Math.clz32(bits & -bits)) >> 3;
