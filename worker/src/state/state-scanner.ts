import { isLineage, readSerial } from "../../../domain/state-guard";
import {
  any,
  type Field,
  fieldOf,
  foldedName,
  kept,
  resource,
  type Shape,
  type StructShape,
  state,
} from "./client-shape";
import { type JsonListener, JsonReader, NotAState } from "./json-reader";
import { Base64Check, Capture, type Sink } from "./json-strings";

/** Characters of the list of resources of a version, above which it is not kept (a row of SQLite holds 2 MB). */
export const maxResourceList = 512 * 1024;

/** What the guard and the history need to know of a state, read from its bytes in one pass. */
export interface ScannedState {
  readonly serial: number | null;
  readonly lineage: string | null;
  readonly encrypted: boolean;
  /** Addresses of the resource blocks, sorted; null if encrypted or too many to keep. */
  readonly resources: readonly string[] | null;
}

/** Texts, and numbers as they are written, by the names of their fields. */
type Values = Map<string, string | null>;

/** A container that is being read: what it is to a client, and in a struct, which of its fields have come and is next. */
interface Frame {
  readonly shape: Shape;
  seen: number;
  field: Field | null;
  next: Shape;
}

const wholeNumber = /^(0|[1-9]\d*)$/;
const maxUint64 = 2n ** 64n - 1n;
const addressFields = ["module", "mode", "type", "name"];
/** What a client writes beside a ciphertext is these; what is in one of the other fields, it reads as plaintext. */
const sealedFields = ["encrypted_data", "encryption_version"];
const plainFields = ["version", "terraform_version", "outputs", "resources", "check_results"];

/**
 * Reads a state chunk by chunk, so that 90 MB never sit in memory, as the clients read it: with Go's encoding/json, into
 * the structs of {@link state}. It keeps what identifies the state and the addresses of its resources; the rest is
 * checked and forgotten.
 */
export class StateScanner implements JsonListener {
  readonly #reader = new JsonReader(this);
  readonly #root: Frame = { shape: state, seen: 0, field: null, next: any };
  readonly #frames: Frame[] = [];
  readonly #text = new Capture();
  readonly #base64 = new Base64Check();
  readonly #top: Values = new Map();
  #hasCiphertext = false;
  readonly #resource: Values = new Map();
  /** The last text of each field: most resources are of the type of the one before. */
  readonly #lastTexts = new Map<string, string>();
  #resources: string[] | null = [];
  #resourcesLength = 0;
  /** Why a client would not read this, or something else than we do. */
  #defect: string | null = null;

  /** @throws NotAState if it is no JSON, or has two of what there must be one of */
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }

  /** @throws NotAState when the document is not complete */
  finish(): ScannedState {
    this.#reader.finish();
    const lineage = this.#top.get("lineage");
    const version = this.#top.get("version");
    const isSealed = this.#hasCiphertext && Boolean(this.#top.get("encryption_version"));
    const encrypted = isSealed && !this.#has(plainFields);
    return {
      serial: readSerial(this.#top.get("serial")),
      lineage: isLineage(lineage) ? lineage : null,
      encrypted,
      resources: encrypted || !version ? null : (this.#resources?.sort() ?? null),
    };
  }

  /** Why this document is refused as a new version, or null. Stricter than reading, which serves what was there before. */
  defect(): string | null {
    const { lineage } = this.finish();
    if (this.#defect !== null) return this.#defect;
    const sealed = this.#has(sealedFields);
    if (sealed) {
      const plain = this.#has(plainFields);
      if (plain) return `it has both "${plain}" and "${sealed}", so that not all clients would read the same`;
      if (!this.#hasCiphertext) return 'its "encrypted_data" is empty';
      if (!this.#top.get("encryption_version")) return 'it has no "encryption_version"';
      // Which version it is, here and below, is up to the clients: what a newer one writes must not get lost.
    } else if (!this.#top.get("version") || this.#top.get("version") === "0") {
      return 'it has no "version" that is a whole number from 1 on';
    }
    const serial = this.#top.get("serial");
    if (!serial) return 'it has no "serial" that is a whole number';
    if (readSerial(serial) === null)
      return `its "serial" is ${serial}, more than ${Number.MAX_SAFE_INTEGER}, up to which serials can be compared`;
    return lineage === null ? 'it has no "lineage"' : null;
  }

  open(isObject: boolean): boolean {
    if (this.#frames.length === 0) {
      this.#frames.push(this.#root);
      return true;
    }
    const shape = this.#frame.next;
    if (shape.type === "any") return false;
    if (isObject ? shape.type !== "struct" && shape.type !== "map" : shape.type !== "list") {
      if (this.#frames.length === 1 && isScalar(shape))
        throw new NotAState(`its ${this.#place} is not a plain value`);
      this.#misfit(isObject ? "an object" : "a list");
      return false;
    }
    this.#frames.push({ shape, seen: 0, field: null, next: "of" in shape ? shape.of : any });
    if (shape === resource) this.#resource.clear();
    return true;
  }

  close(): void {
    if (this.#frames.pop()?.shape === resource) this.#endResource();
  }

  key(key: Capture): void {
    const frame = this.#frame;
    if (frame.shape.type === "struct") this.#beginField(frame, frame.shape, key);
  }

  beginString(): Sink | null {
    const { next } = this.#frame;
    if (next.type === "bytes") return this.#base64.clear();
    return this.#values === null ? null : this.#text.clear();
  }

  endString(): void {
    const { next, field } = this.#frame;
    if (next.type === "bytes") {
      if (!this.#base64.isValid) this.#refuse(`its ${this.#place} is not base64`);
      else if (field?.name === "encrypted_data") this.#hasCiphertext = !this.#base64.isEmpty;
    } else if (next.type === "text") {
      const values = this.#values;
      if (values === null || field === null) return;
      const text = this.#text.text(this.#lastTexts.get(field.name));
      values.set(field.name, text);
      if (text !== null) this.#lastTexts.set(field.name, text);
      if (text === null && values === this.#top)
        this.#refuse(`its ${this.#place} is not UTF-8, or longer than 4 KB`);
    } else if (next.type !== "any" && next.type !== "index") {
      this.#misfit("a text");
    }
  }

  literal(literal: Capture): void {
    const { next, field } = this.#frame;
    if (next.type === "any") return;
    const text = literal.text() ?? "a number of more than 4 KB";
    if (text === "null") return;
    const isFlag = text === "true" || text === "false";
    if (next.type === "count" && wholeNumber.test(text) && BigInt(text) <= maxUint64) {
      if (this.#frames.length === 1 && field) this.#top.set(field.name, text);
    } else if (!(isFlag ? next.type === "flag" : next.type === "index" && Number.isFinite(Number(text)))) {
      this.#misfit(text);
    }
  }

  get #frame(): Frame {
    return this.#frames.at(-1) as Frame;
  }

  /** Where the text is kept that stands here; null if nobody asks for it. */
  get #values(): Values | null {
    const { shape, next } = this.#frame;
    if (next !== kept) return null;
    if (shape === state) return this.#top;
    return this.#resources === null ? null : this.#resource;
  }

  /** The value that stands here, for an error. */
  get #place(): string {
    return `"${this.#frames.flatMap(({ field }) => field?.name ?? []).join(".")}"`;
  }

  #beginField(frame: Frame, shape: StructShape, key: Capture): void {
    const at = fieldOf(shape, key);
    const field = shape.fields[at] ?? null;
    frame.field = field;
    frame.next = field?.shape ?? any;
    if (field === null) {
      const text = key.text() ?? "";
      const name = foldedName(shape, text);
      if (name !== null) this.#refuse(`its key "${text}" would be read as "${name}"`);
      return;
    }
    if (frame.seen & (1 << at)) {
      const twice = `it has ${this.#place} twice`;
      // Readers disagree on which of two equal keys counts, so a state with two serials is no state.
      if (shape === state && isScalar(field.shape)) throw new NotAState(twice);
      this.#refuse(twice);
    }
    frame.seen |= 1 << at;
  }

  #endResource(): void {
    const [module = "", mode = "", type = "", name = ""] = addressFields.map((field) =>
      this.#resource.get(field),
    );
    if (this.#resources === null || type === "" || name === "") return;
    const address = `${module ? `${module}.` : ""}${mode === "data" ? "data." : ""}${type}.${name}`;
    this.#resourcesLength += address.length;
    const isWhole = module !== null && type !== null && name !== null;
    if (isWhole && this.#resourcesLength <= maxResourceList) this.#resources.push(address);
    else this.#resources = null;
  }

  /** The first of `names` that the state has. */
  #has(names: readonly string[]): string | undefined {
    const { seen } = this.#root;
    return names.find((name) => seen & (1 << state.fields.findIndex((field) => field.name === name)));
  }

  #misfit(found: string): void {
    const short = found.length > 40 ? `${found.slice(0, 40)}…` : found;
    this.#refuse(`its ${this.#place} is ${short}, which no client can read there`);
  }

  #refuse(defect: string): void {
    this.#defect ??= defect;
  }
}

const isScalar = ({ type }: Shape): boolean => type === "text" || type === "bytes" || type === "count";
