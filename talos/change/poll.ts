import { setTimeout as sleep } from "node:timers/promises";

export interface PollOptions {
  /** How long to wait for one thing. */
  readonly timeoutSeconds: number;
  /** @default - short at first, and up to 2 s in the end */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

const FIRST_INTERVAL_MS = 250;
const LAST_INTERVAL_MS = 2_000;

/**
 * Asks until there is no problem any more.
 * @param problem says what is still missing; undefined once nothing is
 * @throws Error with the last problem, or the reason of the signal
 */
export async function waitUntilFine(
  problem: () => Promise<string | undefined>,
  { timeoutSeconds, intervalMs, signal }: PollOptions,
): Promise<void> {
  const end = Date.now() + timeoutSeconds * 1000;
  for (let pauseMs = FIRST_INTERVAL_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_INTERVAL_MS)) {
    signal?.throwIfAborted();
    const found = await problem();
    if (found === undefined) return;
    if (Date.now() >= end) throw new Error(`${found}, after ${timeoutSeconds} s of waiting`);
    await sleep(intervalMs ?? pauseMs, undefined, { signal });
  }
}
