/** How often something may be tried. */
export interface Limit {
  /** Tries that are free. */
  readonly burst: number;
  /** After these, one more in so many milliseconds. */
  readonly everyMs: number;
}

/** For the guesses of one client. */
const clientLimit: Limit = { burst: 5, everyMs: 30_000 };
const maxKeys = 10_000;

/**
 * Slows tries that were wrong, by a key such as the address of a client: the generic cell rate algorithm. It remembers
 * one number for each key, the time at which all its tries are forgotten.
 */
export class Throttle {
  readonly #forgottenAt = new Map<string, number>();

  constructor(private readonly limit = clientLimit) {}

  /** Seconds until `key` may try, 0 for now. */
  secondsToWait(key: string, now: number): number {
    const { burst, everyMs } = this.limit;
    const leftMs = (this.#forgottenAt.get(key) ?? 0) - now - (burst - 1) * everyMs;
    return Math.max(0, Math.ceil(leftMs / 1000));
  }

  /** Counts a try as wrong until {@link refund}, so that parallel ones count too. */
  charge(key: string, now: number): void {
    const forgottenAt = Math.max(this.#forgottenAt.get(key) ?? 0, now) + this.limit.everyMs;
    this.#forgottenAt.delete(key); // re-inserted at the end: the map stays in order of use
    this.#forgottenAt.set(key, forgottenAt);
    const oldest = this.#forgottenAt.keys().next();
    if (this.#forgottenAt.size > maxKeys && !oldest.done) this.#forgottenAt.delete(oldest.value);
  }

  /** Takes one try back, and no other: it was not wrong. */
  refund(key: string): void {
    const forgottenAt = this.#forgottenAt.get(key);
    if (forgottenAt !== undefined) this.#forgottenAt.set(key, forgottenAt - this.limit.everyMs);
  }

  /**
   * Asks to try once, and counts it.
   * @returns seconds to wait, or null when it may be tried now
   */
  attempt(key: string, now: number): number | null {
    const seconds = this.secondsToWait(key, now);
    if (seconds > 0) return seconds;
    this.charge(key, now);
    return null;
  }

  /** Forgets the tries of `key`. */
  succeeded(key: string): void {
    this.#forgottenAt.delete(key);
  }
}
