import { isLineage, isSerial } from "../../../domain/state-guard";
import {
  arrayClose,
  arrayOpen,
  backslash,
  colon,
  comma,
  endOfPlain,
  endOfSpace,
  isLiteralByte,
  objectClose,
  objectOpen,
  quote,
} from "./json-bytes";

/** What the guard and the history need to know of a state, read from its bytes in one pass. */
export interface ScannedState {
  readonly serial: number | null;
  readonly lineage: string | null;
  readonly encrypted: boolean;
  readonly terraformVersion: string | null;
  /** Addresses of the resource blocks, sorted; null where encrypted or too many to keep. */
  readonly resources: readonly string[] | null;
}

/** The bytes are not a state; `message` says why. */
export class NotAState extends Error {}

const maxDepth = 512;
/** Keys and values above this depth are read; the rest is only checked. Resources are objects at depth 3. */
const readDepth = 3;
const maxCaptured = 4096;
const maxLiteral = 400;
const maxResources = 100_000;
const decoder = new TextDecoder();
const numberForm = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** The keys at the top that are read. */
const readKeys = new Set([
  "version",
  "serial",
  "lineage",
  "terraform_version",
  "encrypted_data",
  "encryption_version",
]);

enum Expect {
  Value,
  ValueOrEnd,
  Key,
  KeyOrEnd,
  Colon,
  CommaOrEnd,
  Nothing,
}
enum Token {
  None,
  String,
  Escape,
  Unicode,
  Literal,
}
type Scalar = string | number | boolean | null;

/**
 * A strict JSON reader that takes a state chunk by chunk, so that 90 MB never sit in memory. It keeps the top-level
 * scalars and the address of each resource; everything else is checked for form and forgotten.
 */
export class StateScanner {
  /** 1 at each depth that is an object, 0 where it is an array. */
  readonly #kinds = new Uint8Array(maxDepth + 1);
  readonly #keys: string[] = [];
  #depth = 0;
  #expect = Expect.Value;
  #token = Token.None;
  #isKey = false;
  #unicodeLeft = 0;
  readonly #captured = new Uint8Array(maxCaptured);
  #capturedLength = 0;
  #capturing = false;
  readonly #top = new Map<string, Scalar>();
  #resource: Record<string, string> = {};
  #resources: string[] | null = [];

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      switch (this.#token) {
        case Token.String:
          at = this.#inString(chunk, at);
          break;
        case Token.Escape:
          if (!'"\\/bfnrtu'.includes(String.fromCharCode(byte))) throw new NotAState("it is not valid JSON");
          this.#capture(chunk, at, at + 1);
          this.#unicodeLeft = 4;
          this.#token = byte === 0x75 ? Token.Unicode : Token.String;
          break;
        case Token.Unicode:
          if (!/[0-9a-fA-F]/.test(String.fromCharCode(byte))) throw new NotAState("it is not valid JSON");
          this.#capture(chunk, at, at + 1);
          if (--this.#unicodeLeft === 0) this.#token = Token.String;
          break;
        case Token.Literal:
          if (isLiteralByte(byte)) {
            if (this.#capturedLength === maxLiteral)
              throw new NotAState("it holds a number that is too long");
            this.#captured[this.#capturedLength++] = byte;
            break;
          }
          this.#endLiteral();
          at--; // what ended it is looked at as structure
          break;
        default:
          at = endOfSpace(chunk, at);
          if (at < chunk.length) this.#structure(chunk[at] as number);
      }
    }
  }

  /** @throws NotAState when the document is incomplete or lacks what every state has. */
  finish(): ScannedState {
    if (this.#token !== Token.None || this.#expect !== Expect.Nothing) {
      throw new NotAState(
        this.#depth === 0 ? "it is empty or not a JSON object" : "it ends in the middle of the JSON",
      );
    }
    const serial = this.#top.get("serial");
    const lineage = this.#top.get("lineage");
    const version = this.#top.get("version");
    const encrypted = this.#top.has("encrypted_data");
    return {
      serial: isSerial(serial) ? serial : null,
      lineage: isLineage(lineage) ? lineage : null,
      encrypted,
      terraformVersion: stringOrNull(this.#top.get("terraform_version")),
      resources: encrypted || typeof version !== "number" ? null : (this.#resources?.sort() ?? null),
    };
  }

  /** Why this document is refused as a new version, or null. Stricter than reading, which serves what was there before. */
  defect(): string | null {
    const scanned = this.finish();
    const encryptedData = this.#top.get("encrypted_data");
    if (scanned.encrypted) {
      if (typeof encryptedData !== "string" || encryptedData === "") return 'its "encrypted_data" is empty';
      if (typeof this.#top.get("encryption_version") !== "string") return 'it has no "encryption_version"';
    } else {
      const version = this.#top.get("version");
      if (typeof version !== "number" || !Number.isInteger(version) || version < 1)
        return 'it has no "version"';
    }
    if (scanned.serial === null) return 'it has no "serial" that is a whole number';
    if (scanned.lineage === null) return 'it has no "lineage"';
    return null;
  }

  /** Takes as much of a string as the chunk has; returns the index of the last byte it took. */
  #inString(chunk: Uint8Array, from: number): number {
    const end = endOfPlain(chunk, from);
    if (this.#capturing) this.#capture(chunk, from, end);
    if (end === chunk.length) return end - 1;
    const byte = chunk[end];
    if (byte === backslash) {
      this.#capture(chunk, end, end + 1);
      this.#token = Token.Escape;
      return end;
    }
    if (byte !== quote) throw new NotAState("it is not valid JSON");
    this.#token = Token.None;
    if (this.#isKey) {
      if (this.#depth <= readDepth) this.#keys[this.#depth] = this.#capturing ? this.#text() : "";
      this.#expect = Expect.Colon;
    } else {
      this.#value(this.#capturing ? this.#text() : "");
    }
    return end;
  }

  #capture(chunk: Uint8Array, from: number, to: number): void {
    if (!this.#capturing) return;
    // A long value is only ever asked whether it is there, so its beginning will do.
    const length = Math.min(to - from, maxCaptured - this.#capturedLength);
    for (let at = 0; at < length; at++) this.#captured[this.#capturedLength + at] = chunk[from + at] ?? 0;
    this.#capturedLength += length;
  }

  #text(): string {
    const raw = decoder.decode(this.#captured.subarray(0, this.#capturedLength));
    if (!raw.includes("\\")) return raw;
    try {
      return String(JSON.parse(`"${raw}"`));
    } catch {
      return raw; // cut in the middle of an escape
    }
  }

  #endLiteral(): void {
    const text = decoder.decode(this.#captured.subarray(0, this.#capturedLength));
    this.#token = Token.None;
    if (text === "true" || text === "false" || text === "null") this.#value(JSON.parse(text));
    else if (numberForm.test(text)) this.#value(Number(text));
    else throw new NotAState("it is not valid JSON");
  }

  #structure(byte: number): void {
    const expect = this.#expect;
    const mayOpen = expect === Expect.Value || expect === Expect.ValueOrEnd;
    if (byte === objectClose && (expect === Expect.KeyOrEnd || expect === Expect.CommaOrEnd)) {
      this.#close(1);
    } else if (byte === arrayClose && (expect === Expect.ValueOrEnd || expect === Expect.CommaOrEnd)) {
      this.#close(0);
    } else if (byte === quote && (expect === Expect.Key || expect === Expect.KeyOrEnd)) {
      this.#beginString(true);
    } else if (byte === colon && expect === Expect.Colon) {
      this.#expect = Expect.Value;
    } else if (byte === comma && expect === Expect.CommaOrEnd) {
      this.#expect = this.#kinds[this.#depth] === 1 ? Expect.Key : Expect.Value;
    } else if (mayOpen && (byte === objectOpen || byte === arrayOpen)) {
      this.#open(byte === objectOpen ? 1 : 0);
    } else if (this.#depth === 0) {
      throw new NotAState("it is empty or not a JSON object");
    } else if (mayOpen && byte === quote) {
      this.#beginString(false);
    } else if (mayOpen && isLiteralByte(byte)) {
      this.#token = Token.Literal;
      this.#captured[0] = byte;
      this.#capturedLength = 1;
    } else {
      throw new NotAState("it is not valid JSON");
    }
  }

  #beginString(isKey: boolean): void {
    this.#token = Token.String;
    this.#isKey = isKey;
    this.#capturing = this.#depth === 1 || (this.#depth === readDepth && this.#keys[1] === "resources");
    this.#capturedLength = 0;
  }

  #open(kind: 0 | 1): void {
    if (this.#depth === 0 && kind === 0) throw new NotAState("it is empty or not a JSON object");
    if (this.#depth === 1 && this.#keys[1] !== undefined && readKeys.has(this.#keys[1])) {
      throw new NotAState(`its "${this.#keys[1]}" is not a plain value`);
    }
    if (this.#depth === maxDepth) throw new NotAState(`it nests deeper than ${maxDepth} levels`);
    this.#kinds[++this.#depth] = kind;
    this.#expect = kind === 1 ? Expect.KeyOrEnd : Expect.ValueOrEnd;
    if (this.#depth === 3) this.#resource = {};
  }

  #close(kind: 0 | 1): void {
    if (this.#kinds[this.#depth] !== kind) throw new NotAState("it is not valid JSON");
    if (this.#depth === 3 && kind === 1 && this.#keys[1] === "resources") this.#endResource();
    this.#depth--;
    this.#expect = this.#depth === 0 ? Expect.Nothing : Expect.CommaOrEnd;
  }

  #value(value: Scalar): void {
    this.#expect = Expect.CommaOrEnd;
    const key = this.#keys[this.#depth];
    if (this.#kinds[this.#depth] !== 1 || key === undefined) return;
    if (this.#depth === 1 && readKeys.has(key)) {
      // Readers disagree on which of two equal keys counts, so a state with two serials is no state.
      if (this.#top.has(key)) throw new NotAState(`it has "${key}" twice`);
      this.#top.set(key, value);
    } else if (this.#depth === 3 && typeof value === "string") {
      this.#resource[key] = value;
    }
  }

  #endResource(): void {
    const { module, mode, type, name } = this.#resource;
    if (type === undefined || name === undefined || this.#resources === null) return;
    const address = `${module ? `${module}.` : ""}${mode === "data" ? "data." : ""}${type}.${name}`;
    if (this.#resources.push(address) > maxResources) this.#resources = null;
  }
}

function stringOrNull(value: Scalar | undefined): string | null {
  return typeof value === "string" ? value : null;
}
