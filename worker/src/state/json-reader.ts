import {
  arrayClose,
  arrayOpen,
  backslash,
  Chunk,
  carriageReturn,
  colon,
  comma,
  lineFeed,
  objectClose,
  objectOpen,
  quote,
  space,
  tab,
} from "./json-bytes";
import { Lex, lexNext, startsLiteral } from "./json-lexemes";
import { Capture, type Sink } from "./json-strings";

/** The bytes are not JSON, or not a state; `message` says why. */
export class NotAState extends Error {}

/** Is told what stands in the containers that it asks for. */
export interface JsonListener {
  /** A container begins. @returns whether to tell what is in it */
  open(isObject: boolean): boolean;
  /** A container ends that was told. */
  close(): void;
  key(key: Capture): void;
  /** A string begins that is a value. @returns what takes its characters; null where none are needed */
  beginString(): Sink | null;
  /** The string has ended that {@link beginString} announced. */
  endString(): void;
  /** A number, `true`, `false` or `null`. */
  literal(literal: Capture): void;
}

/** As deep as Go's encoding/json reads. */
const maxDepth = 10_000;

enum Expect {
  Value,
  ValueOrEnd,
  Key,
  KeyOrEnd,
  Colon,
  CommaOrEnd,
  Nothing,
}

/**
 * A strict reader of one JSON object, chunk by chunk: it accepts what RFC 8259 and Go's encoding/json accept. What the
 * listener does not ask for is checked for form and forgotten.
 */
export class JsonReader {
  /** 1 at each depth that is an object, 0 where it is an array. */
  readonly #kinds = new Uint8Array(maxDepth + 1);
  #depth = 0;
  /** The listener is told of what stands in a container down to this depth. */
  #toldDepth = 0;
  #expect = Expect.Value;
  /** Where in a string or literal we are. */
  #lex: number = Lex.Between;
  #isKey = false;
  /** Takes the string or literal that is being read. */
  #sink: Sink | null = null;
  readonly #capture = new Capture();

  constructor(private readonly listener: JsonListener) {}

  /** @throws NotAState */
  push(bytes: Uint8Array): void {
    const chunk = new Chunk(bytes);
    for (let at = 0; at < bytes.length; ) {
      if (this.#lex === Lex.Between)
        at = this.#isTold ? this.#readStructure(chunk, at) : this.#skim(chunk, at);
      else if (this.#lex <= Lex.lastInString) at = this.#readString(chunk, at);
      else at = this.#readLiteral(bytes, at);
    }
  }

  /**
   * Reads what the listener is not told of: most of a state, so this is one loop. @returns the index of what was not read
   * yet, because the listener is told of it, or because it is a string or literal that is not plain or not whole
   */
  #skim(chunk: Chunk, from: number): number {
    const { bytes } = chunk;
    const { length } = bytes;
    const kinds = this.#kinds;
    let depth = this.#depth;
    let expect = this.#expect;
    let at = from;
    reading: while (at < length) {
      const byte = bytes[at] as number;
      switch (byte) {
        case space:
        case lineFeed:
        case carriageReturn:
        case tab:
          at = chunk.endOfSpace(at + 1);
          break;
        case comma:
          if (expect !== Expect.CommaOrEnd) throw this.#malformed();
          expect = kinds[depth] === 1 ? Expect.Key : Expect.Value;
          at++;
          break;
        case colon:
          if (expect !== Expect.Colon) throw this.#malformed();
          expect = Expect.Value;
          at++;
          break;
        case quote: {
          if (expect === Expect.Colon || expect === Expect.CommaOrEnd) throw this.#malformed();
          const isKey = expect === Expect.Key || expect === Expect.KeyOrEnd;
          const end = chunk.endOfPlain(at + 1);
          if (end === length || bytes[end] !== quote) {
            this.#beginString(isKey);
            at = end;
            break reading;
          }
          expect = isKey ? Expect.Colon : Expect.CommaOrEnd;
          at = end + 1;
          break;
        }
        case objectOpen:
        case arrayOpen: {
          if (expect > Expect.ValueOrEnd) throw this.#malformed();
          if (depth === maxDepth) throw tooDeep();
          const isObject = byte === objectOpen;
          kinds[++depth] = isObject ? 1 : 0;
          expect = isObject ? Expect.KeyOrEnd : Expect.ValueOrEnd;
          at++;
          break;
        }
        case objectClose:
        case arrayClose: {
          const isObject = byte === objectClose;
          const isEmpty = expect === (isObject ? Expect.KeyOrEnd : Expect.ValueOrEnd);
          if (kinds[depth] !== (isObject ? 1 : 0) || !(isEmpty || expect === Expect.CommaOrEnd))
            throw this.#malformed();
          depth--;
          expect = Expect.CommaOrEnd;
          at++;
          if (depth <= this.#toldDepth) break reading;
          break;
        }
        default: {
          if (expect > Expect.ValueOrEnd || !startsLiteral(byte)) throw this.#malformed();
          let lex = Lex.Between as number;
          for (
            let next = lexNext(lex, byte);
            next !== Lex.Between;
            next = lexNext(lex, bytes[at] as number)
          ) {
            lex = next;
            if (++at === length) {
              this.#lex = lex;
              this.#sink = null;
              break reading;
            }
          }
          if (lex < Lex.firstComplete) throw this.#malformed();
          expect = Expect.CommaOrEnd;
        }
      }
    }
    this.#depth = depth;
    this.#expect = expect;
    return at;
  }

  /** @throws NotAState when the document is not complete */
  finish(): void {
    if (this.#lex === Lex.Between && this.#expect === Expect.Nothing) return;
    throw this.#depth === 0 ? noObject() : new NotAState("it ends in the middle of the JSON");
  }

  /** Reads up to the first byte of a string or literal, and begins it. @returns the index of what was not read yet */
  #readStructure(chunk: Chunk, from: number): number {
    const { bytes } = chunk;
    const { length } = bytes;
    for (let at = from; at < length; at++) {
      const byte = bytes[at] as number;
      const expect = this.#expect;
      const isValue = expect === Expect.Value || expect === Expect.ValueOrEnd;
      switch (byte) {
        case space:
        case lineFeed:
        case carriageReturn:
        case tab:
          at = chunk.endOfSpace(at + 1) - 1;
          break;
        case comma:
          if (expect !== Expect.CommaOrEnd) throw this.#malformed();
          this.#expect = this.#kinds[this.#depth] === 1 ? Expect.Key : Expect.Value;
          break;
        case colon:
          if (expect !== Expect.Colon) throw this.#malformed();
          this.#expect = Expect.Value;
          break;
        case quote:
          if (this.#depth === 0 || expect === Expect.Colon || expect === Expect.CommaOrEnd)
            throw this.#malformed();
          this.#beginString(!isValue);
          return at + 1;
        case objectOpen:
        case arrayOpen:
          if (!isValue) throw this.#malformed();
          this.#open(byte === objectOpen);
          break;
        case objectClose:
          if (expect !== Expect.KeyOrEnd && expect !== Expect.CommaOrEnd) throw this.#malformed();
          this.#close(1);
          break;
        case arrayClose:
          if (expect !== Expect.ValueOrEnd && expect !== Expect.CommaOrEnd) throw this.#malformed();
          this.#close(0);
          break;
        default:
          if (!isValue || this.#depth === 0 || !startsLiteral(byte)) throw this.#malformed();
          this.#sink = this.#isTold ? this.#capture.clear() : null;
          return this.#readLiteral(bytes, at);
      }
    }
    return length;
  }

  #readString(chunk: Chunk, from: number): number {
    const { bytes } = chunk;
    const { length } = bytes;
    let lex = this.#lex;
    let at = from;
    while (at < length) {
      const byte = bytes[at] as number;
      if (lex === Lex.InString && byte === quote) {
        this.#sink?.end(bytes, from, at);
        this.#endString();
        return at + 1;
      }
      if (lex === Lex.InString && byte !== backslash) {
        const end = chunk.endOfPlain(at);
        if (end === at) throw this.#malformed();
        at = end;
      } else {
        lex = lexNext(lex, byte);
        if (lex === Lex.Between) throw this.#malformed();
        at++;
      }
    }
    this.#sink?.add(bytes, from, at);
    this.#lex = lex;
    return at;
  }

  #readLiteral(bytes: Uint8Array, from: number): number {
    const { length } = bytes;
    let lex = this.#lex;
    let at = from;
    for (; at < length; at++) {
      const next = lexNext(lex, bytes[at] as number);
      if (next === Lex.Between) break;
      lex = next;
    }
    this.#lex = lex;
    if (at === length) {
      this.#sink?.add(bytes, from, at);
      return at;
    }
    // What ended it is looked at as structure.
    this.#sink?.end(bytes, from, at);
    if (lex < Lex.firstComplete) throw this.#malformed();
    this.#lex = Lex.Between;
    this.#expect = Expect.CommaOrEnd;
    if (this.#isTold) this.listener.literal(this.#capture);
    return at;
  }

  get #isTold(): boolean {
    return this.#depth <= this.#toldDepth;
  }

  #beginString(isKey: boolean): void {
    this.#lex = Lex.InString;
    this.#isKey = isKey;
    if (!this.#isTold) this.#sink = null;
    else this.#sink = isKey ? this.#capture.clear() : this.listener.beginString();
  }

  #endString(): void {
    this.#lex = Lex.Between;
    this.#expect = this.#isKey ? Expect.Colon : Expect.CommaOrEnd;
    if (!this.#isTold) return;
    if (this.#isKey) this.listener.key(this.#capture);
    else this.listener.endString();
  }

  #open(isObject: boolean): void {
    if (this.#depth === 0 && !isObject) throw noObject();
    if (this.#depth === maxDepth) throw tooDeep();
    const isTold = this.#isTold && this.listener.open(isObject);
    this.#kinds[++this.#depth] = isObject ? 1 : 0;
    if (isTold) this.#toldDepth = this.#depth;
    this.#expect = isObject ? Expect.KeyOrEnd : Expect.ValueOrEnd;
  }

  #close(kind: 0 | 1): void {
    if (this.#depth === 0 || this.#kinds[this.#depth] !== kind) throw this.#malformed();
    if (this.#isTold) {
      this.listener.close();
      this.#toldDepth--;
    }
    this.#depth--;
    this.#expect = this.#depth === 0 ? Expect.Nothing : Expect.CommaOrEnd;
  }

  #malformed(): NotAState {
    return this.#depth === 0 ? noObject() : new NotAState("it is not valid JSON");
  }
}

const noObject = (): NotAState => new NotAState("it is empty or not a JSON object");
const tooDeep = (): NotAState => new NotAState(`it nests deeper than ${maxDepth} levels`);
