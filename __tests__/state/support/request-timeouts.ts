/**
 * Timeouts of requests, of which a test says when they pass: how long a busy machine takes for a request changes nothing.
 * `AbortSignal.timeout` runs on the real clock, also under jest's fake timers.
 * They last until `jest.restoreAllMocks()`.
 */
export class RequestTimeouts {
  /** How long each request may take, in milliseconds, in the order of the requests. */
  readonly asked: number[] = [];
  private readonly running = new Set<AbortController>();

  constructor() {
    jest.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      this.asked.push(ms);
      const timeout = new AbortController();
      this.running.add(timeout);
      return timeout.signal;
    });
  }

  /** The time of all requests that run is over. */
  pass(): void {
    const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    for (const timeout of this.running) timeout.abort(reason);
    this.running.clear();
  }
}
