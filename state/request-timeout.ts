/** How long a request may go without an answer, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 60_000;

/** 50 kB a second: what takes longer is not on its way any more. */
const SLOWEST_BYTES_PER_MS = 50;

/** How long a request may take: one that sends a large state over a slow line takes its time. */
export function requestTimeout(timeoutMs: number, body: Uint8Array | undefined): number {
  return timeoutMs + Math.ceil((body?.byteLength ?? 0) / SLOWEST_BYTES_PER_MS);
}
