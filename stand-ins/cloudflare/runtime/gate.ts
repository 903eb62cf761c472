import { setTimeout as sleep } from "node:timers/promises";

/** How long a restart waits for running requests, such as a slow download. */
const GRACE_MS = 5000;

/**
 * Lets any number of requests run at the same time, but none while the runtime restarts. Requests wait for the restart,
 * so that the upload of one Worker does not disturb the clients of another.
 */
export class Gate {
  private inside = 0;
  private closed: Promise<void> | undefined;
  private onEmpty: (() => void) | undefined;

  /** Waits while the gate is closed. @returns a function to call at the end of the request */
  async enter(): Promise<() => void> {
    while (this.closed) await this.closed;
    this.inside++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.inside--;
      if (this.inside === 0) this.onEmpty?.();
    };
  }

  /** Closes the gate, waits until all requests have ended (at most GRACE_MS), does the work, and opens the gate again. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
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
      this.onEmpty = resolve;
    });
    await Promise.race([all, sleep(GRACE_MS, undefined, { signal: waited.signal }).catch(() => undefined)]);
    waited.abort();
    this.onEmpty = undefined;
  }
}
