import {
  arrayClose,
  arrayOpen,
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

/** Is told the content of the containers that it asks for. */
export interface JsonListener {
  /** A container begins. @returns whether to tell what is in it */
  open(isObject: boolean): boolean;
  /** A container ends that was told. */
  close(): void;
  key(key: Capture): void;
  /** A string begins that is a value. @returns what takes its characters; null if none are needed */
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

/** What the listener is told when a string ends. */
enum Told {
  Nothing,
  Key,
  Value,
}

/**
 * A strict reader of one JSON object, chunk by chunk: it accepts what RFC 8259 and Go's encoding/json accept. What the
 * listener does not ask for is checked for form and forgotten.
 */
export class JsonReader {
  /** 1 at each depth that is an object, 0 where it is an array. */
  readonly #kinds = new Uint8Array(maxDepth + 1);
  #depth = 0;
  /** The listener is told the content of containers down to this depth. */
  #toldDepth = 0;
  /** What may come after the string or literal that is being read. */
  #expect = Expect.Value;
  /** Where in a string or literal we are. */
  #lex: number = Lex.Between;
  #told = Told.Nothing;
  /** Takes the string or literal that is being read. */
  #sink: Sink | null = null;
  readonly #capture = new Capture();

  constructor(private readonly listener: JsonListener) {}

  /** @throws NotAState */
  push(bytes: Uint8Array): void {
    const chunk = new Chunk(bytes);
    let at = 0;
    if (this.#lex > Lex.lastInString) at = this.#readLiteral(bytes, 0);
    else if (this.#lex !== Lex.Between) at = this.#readString(chunk, 0);
    this.#readStructure(chunk, at);
  }

  /** @throws NotAState when the document is not complete */
  finish(): void {
    if (this.#lex === Lex.Between && this.#expect === Expect.Nothing) return;
    throw this.#depth === 0 ? malformed(0) : new NotAState("it ends in the middle of the JSON");
  }

  /** Most of a state passes here, so this is one loop. */
  #readStructure(chunk: Chunk, from: number): void {
    const { bytes } = chunk;
    const { length } = bytes;
    const kinds = this.#kinds;
    let depth = this.#depth;
    let expect = this.#expect;
    let at = from;
    while (at < length) {
      const byte = bytes[at] as number;
      const isValue = expect === Expect.Value || expect === Expect.ValueOrEnd;
      switch (byte) {
        case space:
        case lineFeed:
        case carriageReturn:
        case tab:
          at = chunk.endOfSpace(at + 1);
          break;
        case comma:
          if (expect !== Expect.CommaOrEnd) throw malformed(depth);
          expect = kinds[depth] === 1 ? Expect.Key : Expect.Value;
          at++;
          break;
        case colon:
          if (expect !== Expect.Colon) throw malformed(depth);
          expect = Expect.Value;
          at++;
          break;
        case quote: {
          const isKey = expect === Expect.Key || expect === Expect.KeyOrEnd;
          if (depth === 0 || !(isKey || isValue)) throw malformed(depth);
          expect = isKey ? Expect.Colon : Expect.CommaOrEnd;
          at++;
          if (depth > this.#toldDepth) {
            at = chunk.endOfPlain(at);
            if (bytes[at] === quote) {
              at++;
              break;
            }
          }
          this.#beginString(depth <= this.#toldDepth, isKey);
          at = this.#readString(chunk, at);
          break;
        }
        case objectOpen:
        case arrayOpen: {
          const isObject = byte === objectOpen;
          if (!isValue || (depth === 0 && !isObject)) throw malformed(depth);
          if (depth === maxDepth) throw new NotAState(`it nests deeper than ${maxDepth} levels`);
          const isTold = depth <= this.#toldDepth && this.listener.open(isObject);
          kinds[++depth] = isObject ? 1 : 0;
          if (isTold) this.#toldDepth = depth;
          expect = isObject ? Expect.KeyOrEnd : Expect.ValueOrEnd;
          at++;
          break;
        }
        case objectClose:
        case arrayClose: {
          const isObject = byte === objectClose;
          const isEmpty = expect === (isObject ? Expect.KeyOrEnd : Expect.ValueOrEnd);
          if (depth === 0 || kinds[depth] !== (isObject ? 1 : 0)) throw malformed(depth);
          if (!isEmpty && expect !== Expect.CommaOrEnd) throw malformed(depth);
          if (depth <= this.#toldDepth) {
            this.listener.close();
            this.#toldDepth--;
          }
          expect = --depth === 0 ? Expect.Nothing : Expect.CommaOrEnd;
          at++;
          break;
        }
        default:
          if (depth === 0 || !isValue || !startsLiteral(byte)) throw malformed(depth);
          this.#sink = depth <= this.#toldDepth ? this.#capture.clear() : null;
          expect = Expect.CommaOrEnd;
          at = this.#readLiteral(bytes, at);
      }
    }
    this.#depth = depth;
    this.#expect = expect;
  }

  #beginString(isTold: boolean, isKey: boolean): void {
    this.#lex = Lex.InString;
    this.#told = isTold ? (isKey ? Told.Key : Told.Value) : Told.Nothing;
    if (!isTold) this.#sink = null;
    else this.#sink = isKey ? this.#capture.clear() : this.listener.beginString();
  }

  /** @returns the index after the string; the chunk's length where it does not end there */
  #readString(chunk: Chunk, from: number): number {
    const { bytes } = chunk;
    const { length } = bytes;
    let lex = this.#lex;
    let at = from;
    while (at < length) {
      if (lex === Lex.InString) {
        at = chunk.endOfPlain(at);
        if (at === length) break;
        if (bytes[at] === quote) {
          this.#sink?.end(bytes, from, at);
          this.#lex = Lex.Between;
          if (this.#told === Told.Key) this.listener.key(this.#capture);
          else if (this.#told === Told.Value) this.listener.endString();
          return at + 1;
        }
      }
      lex = lexNext(lex, bytes[at] as number);
      if (lex === Lex.Between) throw malformed();
      at++;
    }
    this.#sink?.add(bytes, from, length);
    this.#lex = lex;
    return length;
  }

  /** @returns the index after the literal; the chunk's length where it may go on */
  #readLiteral(bytes: Uint8Array, from: number): number {
    const { length } = bytes;
    let lex = this.#lex;
    for (let at = from; at < length; at++) {
      const next = lexNext(lex, bytes[at] as number);
      if (next === Lex.Between) {
        if (lex < Lex.firstComplete) throw malformed();
        this.#lex = Lex.Between;
        this.#sink?.end(bytes, from, at);
        if (this.#sink !== null) this.listener.literal(this.#capture);
        return at;
      }
      lex = next;
    }
    this.#sink?.add(bytes, from, length);
    this.#lex = lex;
    return length;
  }
}

/** @param depth 0 where it is known not to be a state */
const malformed = (depth = 1): NotAState =>
  new NotAState(depth === 0 ? "it is empty or not a JSON object" : "it is not valid JSON");
