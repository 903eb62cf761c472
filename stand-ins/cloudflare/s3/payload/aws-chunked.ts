import { failures } from "../errors";

const LONGEST_LINE = 1024;

/**
 * Decodes a body in the format `aws-chunked`: `<size in hex>\r\n<data>\r\n` … `0\r\n<trailer>\r\n\r\n`.
 * @param trailers filled after the last chunk, by name in lower case
 * @throws S3Error 400 where the body is not in this format
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  for (;;) {
    const [size = ""] = (await reader.line()).split(";");
    if (!/^[0-9a-f]{1,8}$/i.test(size)) throw failures.invalidRequest(`"${size}" is no size of a chunk.`);
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    yield* reader.bytes(length);
    if ((await reader.line()) !== "") throw failures.invalidRequest("A chunk is longer than its size says.");
  }
  for (let line = await reader.line(); line !== ""; line = await reader.line()) {
    const [name = "", ...value] = line.split(":");
    trailers.set(name.trim().toLowerCase(), value.join(":").trim());
  }
}

class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private buffered: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Reads up to the next line break, and removes that; empty at the end. */
  async line(): Promise<string> {
    for (let end = this.buffered.indexOf("\r\n"); ; end = this.buffered.indexOf("\r\n")) {
      if (end >= 0) {
        const line = this.take(end).toString("latin1");
        this.take(2);
        return line;
      }
      if (this.buffered.length > LONGEST_LINE) throw failures.invalidRequest("The body is not aws-chunked.");
      if (!(await this.more())) return this.take(this.buffered.length).toString("latin1");
    }
  }

  /** @throws S3Error 400 where the body ends too early */
  async *bytes(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.buffered.length === 0 && !(await this.more())) {
        throw failures.invalidRequest("The body ended inside a chunk.");
      }
      const chunk = this.take(Math.min(left, this.buffered.length));
      left -= chunk.length;
      yield chunk;
    }
  }

  private take(length: number): Buffer {
    const taken = this.buffered.subarray(0, length);
    this.buffered = this.buffered.subarray(length);
    return taken;
  }

  private async more(): Promise<boolean> {
    const { done, value } = await this.source.next();
    if (done) return false;
    this.buffered = this.buffered.length > 0 ? Buffer.concat([this.buffered, value]) : Buffer.from(value);
    return true;
  }
}
