import { backslash } from "./json-bytes";

/** Takes the bytes between the quotes of a string, as they stand there, or those of a number: in parts, the last of which ends it. */
export interface Sink {
  add(bytes: Uint8Array, from: number, to: number): void;
  end(bytes: Uint8Array, from: number, to: number): void;
}

const maxCaptured = 4096;
// A byte order mark is text as any other here: Go reads it as a character too.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Keeps what it takes, up to 4 KB. What comes in one part is looked at where it is, and only until the next one comes. */
export class Capture implements Sink {
  readonly #kept = new Uint8Array(maxCaptured);
  #bytes: Uint8Array = this.#kept;
  #from = 0;
  #to = 0;
  #isCut = false;

  clear(): this {
    this.#bytes = this.#kept;
    this.#from = 0;
    this.#to = 0;
    this.#isCut = false;
    return this;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + maxCaptured - this.#to);
    if (end < to) this.#isCut = true;
    this.#kept.set(bytes.subarray(from, end), this.#to);
    this.#to += end - from;
  }

  end(bytes: Uint8Array, from: number, to: number): void {
    if (this.#to > 0) {
      this.add(bytes, from, to);
      return;
    }
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.#isCut = to - from > maxCaptured;
  }

  /** Whether it is this text without any escape. */
  is(text: Uint8Array): boolean {
    const { length } = text;
    const bytes = this.#bytes;
    const from = this.#from;
    if (length !== this.#to - from) return false;
    for (let at = 0; at < length; at++) if (text[at] !== bytes[from + at]) return false;
    return true;
  }

  /**
   * The text; null if it is longer than 4 KB, or no text: broken UTF-8, half of a surrogate pair.
   * @param guess returned where it is the text, so that equal ones are one string
   */
  text(guess = ""): string | null {
    if (this.#isCut) return null;
    return this.#isAscii(guess) ? guess : this.#decoded();
  }

  /** Whether it is this text, in plain ASCII. */
  #isAscii(guess: string): boolean {
    const { length } = guess;
    const bytes = this.#bytes;
    const from = this.#from;
    if (length !== this.#to - from) return false;
    for (let at = 0; at < length; at++) {
      const byte = bytes[from + at] as number;
      if (byte !== guess.charCodeAt(at) || byte >= 0x80 || byte === backslash) return false;
    }
    return true;
  }

  #decoded(): string | null {
    try {
      const raw = decoder.decode(this.#bytes.subarray(this.#from, this.#to));
      if (!raw.includes("\\")) return raw;
      const text = String(JSON.parse(`"${raw}"`));
      return /\p{Surrogate}/u.test(text) ? null : text;
    } catch {
      return null;
    }
  }
}

const padding = 0x3d;
const isBase64 = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  isBase64[char.charCodeAt(0)] = 1;
/** The same for two bytes at once: an encrypted state is nearly all base64. */
const areBase64 = new Uint8Array(65_536);
for (let pair = 0; pair < areBase64.length; pair++)
  areBase64[pair] = (isBase64[pair & 0xff] as number) & (isBase64[pair >> 8] as number);

/** Checks base64 as Go writes it (https://www.rfc-editor.org/rfc/rfc4648#section-4), of any length. */
export class Base64Check implements Sink {
  #digits = 0;
  #padding = 0;
  #isBroken = false;

  clear(): this {
    this.#digits = 0;
    this.#padding = 0;
    this.#isBroken = false;
    return this;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    const end = this.#padding > 0 ? from : endOfDigits(bytes, from, to);
    this.#digits += end - from;
    this.#padding += to - end;
    for (let at = end; at < to; at++) if (bytes[at] !== padding) this.#isBroken = true;
  }

  end(bytes: Uint8Array, from: number, to: number): void {
    this.add(bytes, from, to);
  }

  get isValid(): boolean {
    return !this.#isBroken && this.#padding <= 2 && (this.#digits + this.#padding) % 4 === 0;
  }

  get isEmpty(): boolean {
    return this.#digits === 0;
  }
}

function endOfDigits(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  if (to - from > 256) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, to);
    for (const last = to - 7; at < last; at += 8) {
      const all =
        (areBase64[view.getUint16(at)] as number) &
        (areBase64[view.getUint16(at + 2)] as number) &
        (areBase64[view.getUint16(at + 4)] as number) &
        (areBase64[view.getUint16(at + 6)] as number);
      if (all === 0) break;
    }
  }
  while (at < to && isBase64[bytes[at] as number] === 1) at++;
  return at;
}
