import { setTimeout as sleep } from "node:timers/promises";

/** How long a restart waits for requests that are under way, such as a slow download. */
const GRACE_MS = 5000;

/**
 * Lets many requests in at once, and none while the runtime restarts: they wait, so that an upload of one Worker is
 * not seen by the clients of another.
 */
export class Gate {
  private inside = 0;
  private closed: Promise<void> | undefined;
  private left: (() => void) | undefined;

  /** Waits while the gate is closed. @returns to be called at the end */
  async enter(): Promise<() => void> {
    while (this.closed) await this.closed;
    this.inside++;
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      this.inside--;
      if (this.inside === 0) this.left?.();
    };
  }

  /** Closes the gate, waits until all have left (or for a while), works, and opens it again. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.closed) await this.closed;
    const result = this.empty().then(work);
    this.closed = result
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.closed = undefined;
      });
    return await result;
  }

  private async empty(): Promise<void> {
    if (this.inside === 0) return;
    const waited = new AbortController();
    const all = new Promise<void>((resolve) => {
      this.left = resolve;
    });
    await Promise.race([all, sleep(GRACE_MS, undefined, { signal: waited.signal }).catch(() => undefined)]);
    waited.abort();
    this.left = undefined;
  }
}
