/** Bodies above this size are not kept. */
const maxBodyBytes = 1024 * 1024;
/** All of them together: the states whose objects share this isolate share its 128 MB. */
const maxBytes = 16 * 1024 * 1024;

/** Bodies of versions that were just written, so that a read right after needs no trip to R2. The oldest go first. */
class RecentBodies {
  readonly #bodies = new Map<string, Uint8Array>();
  #bytes = 0;

  keep(version: string, body: Uint8Array): void {
    if (body.byteLength > maxBodyBytes) return;
    this.#bodies.set(version, body);
    this.#bytes += body.byteLength;
    for (const [oldest, { byteLength }] of this.#bodies) {
      if (this.#bytes <= maxBytes) return;
      this.#bodies.delete(oldest);
      this.#bytes -= byteLength;
    }
  }

  find(version: string): Uint8Array | null {
    return this.#bodies.get(version) ?? null;
  }
}

export const recentBodies = new RecentBodies();
