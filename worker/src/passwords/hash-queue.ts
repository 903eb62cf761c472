/** Hashes of one account that may wait: each takes some 30 ms, so nobody waits much longer than half a second. */
const maxWaiting = 16;
/** Of these, those that one network may have. */
const maxPerNetwork = 2;
/** A hash holds the thread. In between, whatever else came meanwhile is answered, queued or sent away. */
const pauseMs = 10;

/** Whom a hash is for. */
interface Applicant {
  readonly account: string;
  readonly network: string;
  /** Known clients go first, and their places cannot be taken by others. */
  readonly isKnown: boolean;
}

interface Entry {
  readonly network: string;
  readonly start: () => void;
}

/** Runs one hash at a time, of the accounts in turn: guesses at one account hold no other up. */
export class HashQueue {
  #isRunning = false;
  /** By account; the account whose turn it is comes first. */
  readonly #known = new Map<string, Entry[]>();
  readonly #others = new Map<string, Entry[]>();

  /** @returns null where too many wait already; then `work` is not run */
  run<T>({ account, network, isKnown }: Applicant, work: () => Promise<T>): Promise<T> | null {
    const lanes = isKnown ? this.#known : this.#others;
    const lane = lanes.get(account) ?? [];
    const fromNetwork = lane.filter((entry) => entry.network === network).length;
    if (lane.length >= maxWaiting || fromNetwork >= maxPerNetwork) return null;
    lanes.set(account, lane);
    const result = new Promise<void>((start) => lane.push({ network, start })).then(work);
    const next = () => {
      this.#isRunning = false;
      this.#startNext();
    };
    const pause = () => setTimeout(next, pauseMs);
    result.then(pause, pause);
    this.#startNext();
    return result;
  }

  #startNext(): void {
    if (this.#isRunning) return;
    const entry = shift(this.#known) ?? shift(this.#others);
    if (entry === undefined) return;
    this.#isRunning = true;
    entry.start();
  }
}

/** Takes the first of the account whose turn it is; then it is the next account's turn. */
function shift(lanes: Map<string, Entry[]>): Entry | undefined {
  const first = lanes.entries().next();
  if (first.done) return undefined;
  const [account, lane] = first.value;
  const entry = lane.shift();
  lanes.delete(account);
  if (lane.length > 0) lanes.set(account, lane);
  return entry;
}
