import { S3Error } from "./errors";

/** Refuses a second write of the same key within a time. */
export class WriteLimit {
  private readonly writes = new Map<string, number>();

  constructor(private readonly intervalMs: number) {}

  /** @throws S3Error 429 */
  take(key: string, now = Date.now()): void {
    for (const [each, time] of this.writes) if (now - time >= this.intervalMs) this.writes.delete(each);
    if (this.writes.has(key)) {
      throw new S3Error(429, "TooManyRequests", "Reduce your concurrent request rate for the same object.");
    }
    this.writes.set(key, now);
  }
}
