/** Hashes that may wait: each takes some 30 ms, so nobody waits much longer than half a second. */
const maxWaiting = 16;
/** Of these, those that one network may have. */
const maxPerNetwork = 2;

interface Entry {
  readonly network: string;
  readonly start: () => void;
}

/** Runs one hash at a time. Clients that are known go first, and their places cannot be taken by others. */
export class HashQueue {
  #isRunning = false;
  readonly #known: Entry[] = [];
  readonly #others: Entry[] = [];

  /** @returns null where too many wait already; then `work` is not run */
  run<T>(network: string, isKnown: boolean, work: () => Promise<T>): Promise<T> | null {
    const lane = isKnown ? this.#known : this.#others;
    const fromNetwork = lane.filter((entry) => entry.network === network).length;
    if (lane.length >= maxWaiting || fromNetwork >= maxPerNetwork) return null;
    const result = new Promise<void>((start) => lane.push({ network, start })).then(work);
    const next = () => {
      this.#isRunning = false;
      this.#startNext();
    };
    result.then(next, next);
    this.#startNext();
    return result;
  }

  #startNext(): void {
    if (this.#isRunning) return;
    const entry = this.#known.shift() ?? this.#others.shift();
    if (entry === undefined) return;
    this.#isRunning = true;
    entry.start();
  }
}
