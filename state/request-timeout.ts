/** How long a request without a body may take. */
export const REQUEST_TIMEOUT_MS = 60_000;

/** 50 kB a second: the slowest upload that is waited for. */
const SLOWEST_BYTES_PER_MS = 50;

/** How long a request may take, in milliseconds: `timeoutMs`, and the time that a slow line takes to send the body. */
export function requestTimeout(timeoutMs: number, body: Uint8Array | undefined): number {
  return timeoutMs + Math.ceil((body?.byteLength ?? 0) / SLOWEST_BYTES_PER_MS);
}
