/** Hashes of one lane that may wait: each takes some 30 ms, so nobody waits much longer than half a second. */
const maxWaiting = 16;
/** Of these, those that one network may have. */
const maxPerNetwork = 2;
/** A hash holds the thread. In between, whatever else came meanwhile is answered, queued or sent away. */
const pauseMs = 10;

/** Whom a hash is for. */
interface Applicant {
  /** User names are spread over some lanes; those of one take turns with those of the others. */
  readonly lane: number;
  readonly network: string;
  /** Known clients go first, and their places cannot be taken by others. */
  readonly isKnown: boolean;
}

interface Entry {
  readonly network: string;
  readonly start: () => void;
}

/** Runs one hash at a time, of the lanes in turn: guesses at one user hold hardly another up. */
export class HashQueue {
  #isRunning = false;
  /** By lane; the one whose turn it is comes first. */
  readonly #known = new Map<number, Entry[]>();
  readonly #others = new Map<number, Entry[]>();

  /** @returns null if too many wait already; then `work` is not run */
  run<T>({ lane, network, isKnown }: Applicant, work: () => Promise<T>): Promise<T> | null {
    const lanes = isKnown ? this.#known : this.#others;
    const entries = lanes.get(lane) ?? [];
    const fromNetwork = entries.filter((entry) => entry.network === network).length;
    if (entries.length >= maxWaiting || fromNetwork >= maxPerNetwork) return null;
    lanes.set(lane, entries);
    const result = new Promise<void>((start) => entries.push({ network, start })).then(work);
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

/** Takes the first of the lane whose turn it is; then it is the next one's turn. */
function shift(lanes: Map<number, Entry[]>): Entry | undefined {
  const first = lanes.entries().next();
  if (first.done) return undefined;
  const [lane, entries] = first.value;
  const entry = entries.shift();
  lanes.delete(lane);
  if (entries.length > 0) lanes.set(lane, entries);
  return entry;
}
