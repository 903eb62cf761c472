import { createHash } from "node:crypto";
import { Refusal } from "../errors/refusal";
import { NotAState } from "./json-reader";
import { type ScannedState, StateScanner } from "./state-scanner";

/** What is known of the bytes after one pass over them. */
export interface Inspected extends ScannedState {
  readonly sha256: string;
  readonly md5: string;
  readonly size: number;
}

/** The bytes as they came: in memory where there is room, else already stored under the key given. */
export interface Ingested {
  readonly facts: Inspected;
  /** The whole body, or null where it was streamed to storage. */
  readonly bytes: Uint8Array | null;
}

/** Bodies up to this size are held in memory and checked before they are stored: a refused one costs no R2 operation. */
const memoryBytes = 16 * 1024 * 1024;
/** For all of them together: the states whose objects share this isolate share its 128 MB. */
const sharedMemoryBytes = 64 * 1024 * 1024;
let memoryTaken = 0;
/** A larger body is read and stored in steps of this size; in the 4 KB it comes in, each would be a turn of the event loop. */
const stepBytes = 256 * 1024;

/** Runs `work` with memory reserved for a body of `length` bytes; `fits` tells whether there is enough. */
export async function withMemoryFor<T>(length: number, work: (fits: boolean) => Promise<T>): Promise<T> {
  if (length > memoryBytes || memoryTaken + length > sharedMemoryBytes) return work(false);
  memoryTaken += length;
  try {
    return await work(true);
  } finally {
    memoryTaken -= length;
  }
}

/** Hashes and reads a body as it passes. `strict` refuses what may not become a new version. */
class Inspection {
  readonly #sha256 = createHash("sha256");
  readonly #md5: ReturnType<typeof createHash> | null;
  readonly #scanner = new StateScanner();
  #size = 0;

  constructor(
    private readonly strict: boolean,
    /** The MD5, where it need not be found out. */
    private readonly knownMd5: string | null,
  ) {
    this.#md5 = knownMd5 === null ? createHash("md5") : null;
  }

  push(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#md5?.update(chunk);
    this.#size += chunk.byteLength;
    refusingNonStates(() => this.#scanner.push(chunk));
  }

  finish(length: number): Inspected {
    if (this.#size !== length) {
      throw new Refusal({ code: "body_incomplete", length: this.#size, announced: length });
    }
    const scanned = refusingNonStates(() => {
      const facts = this.#scanner.finish();
      const defect = this.strict ? this.#scanner.defect() : null;
      if (defect !== null) throw new NotAState(defect);
      return facts;
    });
    const md5 = this.knownMd5 ?? this.#md5?.digest("hex") ?? "";
    return { ...scanned, md5, sha256: this.#sha256.digest("hex"), size: this.#size };
  }
}

export interface IngestOptions {
  readonly length: number;
  /** Content-MD5 of the request. */
  readonly contentMd5: string | null;
  /** A body in memory is taken at its word until {@link store}, where R2 verifies its MD5. */
  readonly isVerifiedByR2: boolean;
  /** Refuses what may not become a new version. */
  readonly strict: boolean;
  /** There is room to hold the body in memory. */
  readonly fits: boolean;
}

/**
 * Reads a body of known length once; a large one goes to R2 under `key` while it is read.
 * @throws Refusal when it is not a state, is incomplete, or does not match its MD5; nothing is stored then
 */
export async function ingest(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array> | Uint8Array,
  { length, contentMd5, isVerifiedByR2, strict, fits }: IngestOptions,
): Promise<Ingested> {
  const announced = contentMd5 === null ? null : hexOf(contentMd5);
  const inspection = new Inspection(strict, fits && isVerifiedByR2 ? announced : null);
  const finish = (): Inspected => {
    const facts = inspection.finish(length);
    if (announced === null || announced === facts.md5) return facts;
    throw new Refusal({ code: "md5_mismatch", announced, found: facts.md5 });
  };
  if (body instanceof Uint8Array) {
    inspection.push(body);
    return { facts: finish(), bytes: body };
  }
  const reader = body.getReader({ mode: "byob" });
  const take = async (memory: ArrayBuffer): Promise<Uint8Array<ArrayBuffer> | null> => {
    const { value } = await reader.readAtLeast(memory.byteLength, new Uint8Array(memory));
    return value?.byteLength ? (value as Uint8Array<ArrayBuffer>) : null;
  };
  if (fits) {
    const bytes = (length > 0 && (await take(new ArrayBuffer(length)))) || new Uint8Array();
    inspection.push(bytes);
    return { facts: finish(), bytes };
  }
  const { readable, writable } = new FixedLengthStream(length);
  const stored = bucket.put(key, readable, jsonObject);
  const writer = writable.getWriter();
  // Without a reader a write would wait for ever.
  stored.catch((error: unknown) => writer.abort(error).catch(() => undefined));
  try {
    // The last step goes out when all of them are checked: of a body that is refused, R2 never has the whole.
    let checked: Uint8Array<ArrayBuffer> | null = null;
    // Two pieces of memory in turns: of new ones for each step, many would wait for the garbage collection.
    let memory = new ArrayBuffer(stepBytes);
    for (let step = await take(memory); step !== null; step = await take(memory)) {
      inspection.push(step);
      if (checked !== null) await writer.write(checked);
      memory = checked?.buffer ?? new ArrayBuffer(stepBytes);
      checked = step;
    }
    const facts = finish();
    if (checked !== null) await writer.write(checked);
    await writer.close();
    requireStored(await stored, facts.md5);
    return { facts, bytes: null };
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    await stored.catch(() => undefined);
    throw error;
  }
}

/** How each object of a state is stored. */
export const jsonObject = { httpMetadata: { contentType: "application/json" } };

/**
 * Stores a body that is in memory.
 * @throws Refusal where it does not match the MD5 that it was announced with; R2 has it then
 */
export async function store(
  bucket: R2Bucket,
  key: string,
  bytes: Uint8Array,
  { md5 }: Inspected,
): Promise<void> {
  const object = await bucket.put(key, bytes, jsonObject);
  if (object !== null && object.etag !== md5) {
    const found = createHash("md5").update(bytes).digest("hex");
    if (found !== md5) throw new Refusal({ code: "md5_mismatch", announced: md5, found });
  }
  requireStored(object, md5);
}

/** @throws Error when R2 did not store the bytes that we hashed */
export function requireStored(object: R2Object | null, md5: string): R2Object {
  if (object === null) throw new Error("R2 did not store the object");
  if (object.etag !== md5)
    throw new Error(`R2 stored ${object.key} with MD5 ${object.etag}, sent was ${md5}`);
  return object;
}

function refusingNonStates<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotAState)) throw error;
    throw new Refusal({ code: "not_a_state", reason: error.message });
  }
}

/** Base64 as hex. What is not base64 is kept as it is: no body has it for its MD5. */
function hexOf(base64: string): string {
  try {
    return [...atob(base64)].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  } catch {
    return base64;
  }
}
