import { S3Error } from "./errors";

const INTERVAL_MS = 1000;

/** R2 takes one write per second and key. */
export class WriteLimit {
  private readonly writes = new Map<string, number>();

  /** @throws S3Error 429 where the key was written less than a second ago */
  take(key: string, now = Date.now()): void {
    for (const [each, time] of this.writes) if (now - time >= INTERVAL_MS) this.writes.delete(each);
    if (this.writes.has(key)) {
      throw new S3Error(429, "TooManyRequests", "Reduce your concurrent request rate for the same object.");
    }
    this.writes.set(key, now);
  }
}
