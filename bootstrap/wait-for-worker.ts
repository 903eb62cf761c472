import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 1_000;
const ANSWER_MS = 10_000;
/** What the Worker calls it: waiting does not help. */
const NOT_CONFIGURED = '"not_configured"';

export interface HealthProps {
  /** Address of the Worker, without a path behind its base path. */
  readonly url: string;
  /** A new custom domain needs its DNS record and certificate: minutes. @default 600000 */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Waits until the Worker says that it is ready.
 * @throws with its last answer where it is not in time, or says that it is locked for want of credentials
 */
export async function waitForWorker({ url, timeoutMs = 600_000, signal, say }: HealthProps): Promise<void> {
  const address = `${url}/health`;
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask(address, signal);
    if (answer === "ready") return;
    if (answer.includes(NOT_CONFIGURED)) throw new Error(`${address} answers ${answer}`);
    if (Date.now() > end) {
      throw new Error(
        `${address} is not ready after ${timeoutMs / 1000} s: ${answer}; look at the Worker's logs in the ` +
          "Cloudflare dashboard, and run `npm run bootstrap` again: it goes on from here",
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
