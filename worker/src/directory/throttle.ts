/** Wrong guesses of a client that cost it nothing. */
const freeGuesses = 5;
const maxWaitMs = 60_000;
/** After this long without a guess, the guesses of a client are forgotten. */
const forgetMs = 10 * 60_000;
const maxClients = 10_000;

interface Guesses {
  count: number;
  /** When the last one came, in milliseconds since the epoch. */
  last: number;
}

/** Slows guesses per client: after five wrong ones, it waits 1 s, 2 s, 4 s … up to a minute for each further one. */
export class Throttle {
  readonly #clients = new Map<string, Guesses>();

  /**
   * Asks to try one password. Counts it as wrong until {@link succeeded}, so that parallel guesses count too.
   * @returns seconds to wait, or null when it may be tried now
   */
  attempt(client: string, now: number): number | null {
    const known = this.#clients.get(client);
    const guesses = known && now - known.last < forgetMs ? known : { count: 0, last: 0 };
    const waitMs =
      guesses.count < freeGuesses ? 0 : Math.min(maxWaitMs, 1000 * 2 ** (guesses.count - freeGuesses));
    const leftMs = guesses.last + waitMs - now;
    if (waitMs > 0 && leftMs > 0) return Math.ceil(leftMs / 1000);
    this.#clients.delete(client); // re-inserted at the end: the map stays in order of use
    this.#clients.set(client, { count: guesses.count + 1, last: now });
    const oldest = this.#clients.keys().next();
    if (this.#clients.size > maxClients && !oldest.done) this.#clients.delete(oldest.value);
    return null;
  }

  succeeded(client: string): void {
    this.#clients.delete(client);
  }
}
