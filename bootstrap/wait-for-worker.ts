import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 1_000;
const ANSWER_MS = 10_000;
/** Error code of a Worker without credentials. Waiting does not help. */
const NOT_CONFIGURED = '"not_configured"';

export interface WaitForWorkerProps {
  /** Address of the Worker, with its base path and without a slash at its end. */
  readonly url: string;
  /** How long to wait. A new custom domain needs minutes for its DNS record and certificate. @default 600_000 */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Waits until the Worker says that it is ready.
 * @throws with the Worker's last answer, if it is not ready in time or has no credentials
 */
export async function waitForWorker({
  url,
  timeoutMs = 600_000,
  signal,
  say,
}: WaitForWorkerProps): Promise<void> {
  const address = `${url}/health`;
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask(address, signal);
    if (answer === "ready") return;
    if (answer.includes(NOT_CONFIGURED)) throw new Error(`${address} answers ${answer}`);
    if (Date.now() > end) {
      throw new Error(
        `${address} is not ready after ${timeoutMs / 1000} s: ${answer}; look at the Worker's logs in the ` +
          "Cloudflare dashboard, and run `npm run bootstrap` again: it continues from here",
      );
    }
    say(`${address}: ${answer}`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function ask(address: string, signal: AbortSignal): Promise<string> {
  try {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await fetch(address, { redirect: "manual", signal: inTime });
    const text = (await response.text()).trim().slice(0, 500);
    return response.status === 200 ? "ready" : `${response.status} ${text}`;
  } catch (error) {
    signal.throwIfAborted();
    const { message, cause } = error as Error;
    return cause instanceof Object && "message" in cause ? `${message}: ${cause.message}` : message;
  }
}
