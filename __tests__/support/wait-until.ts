import { setTimeout as sleep } from "node:timers/promises";

const INTERVAL_MS = 20;

/**
 * Asks again and again until the answer is true. The test's own timeout ends a wait that takes too long, and one that a test
 * has given up does not keep jest from ending.
 */
export async function waitUntil(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(INTERVAL_MS, undefined, { ref: false });
}
