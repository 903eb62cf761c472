import { setTimeout as sleep } from "node:timers/promises";

export interface PollOptions {
  /** How long to wait for one thing. */
  readonly timeoutSeconds: number;
  /** @default 2_000 */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks until there is no problem any more.
 * @param problem says what is still missing; undefined once nothing is
 * @throws Error with the last problem, or the reason of the signal
 */
export async function waitUntilFine(
  problem: () => Promise<string | undefined>,
  { timeoutSeconds, intervalMs = 2_000, signal }: PollOptions,
): Promise<void> {
  const end = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    signal?.throwIfAborted();
    const found = await problem();
    if (found === undefined) return;
    if (Date.now() >= end) throw new Error(`${found}, after ${timeoutSeconds} s of waiting`);
    await sleep(intervalMs, undefined, { signal });
  }
}
