import { performance } from "node:perf_hooks";
import {
  isHangUp,
  lockInfo,
  type Reply,
  State,
  stateBody,
  type Target,
} from "../../__tests__/worker/conformance/client";
import { must } from "./requests";

/** What a client does in an apply that writes once. */
export const STEPS = ["LOCK", "GET", "POST", "UNLOCK"] as const;
export type Step = (typeof STEPS)[number];

/** Milliseconds of each step of one cycle. */
export type CycleTimes = Readonly<Record<Step, number>>;

/** Goes through cycles of one state, and counts the requests that had to be sent again. */
export class Cycles {
  resentRequests = 0;
  #serial = 0;
  readonly #state: State;
  readonly #filler: string;

  constructor(target: Target, bytes: number) {
    this.#state = new State(target);
    this.#filler = "x".repeat(bytes);
  }

  async next(): Promise<CycleTimes> {
    const state = this.#state;
    const info = lockInfo();
    const body = stateBody({ serial: ++this.#serial, note: this.#filler });
    return {
      LOCK: await this.#time(() => state.lock(info)),
      GET: await this.#time(() => state.get()),
      POST: await this.#time(() => state.post(body, info.ID)),
      UNLOCK: await this.#time(() => state.unlock(info)),
    };
  }

  async #time(request: () => Promise<Reply>): Promise<number> {
    const started = performance.now();
    // workerd closes a connection that it has not read from for some seconds. With 16 bodies of 10 MB in its single
    // thread it may not get to a new request in that time. Real clients send such a request again too.
    const reply = await request().catch((error: unknown) => {
      if (!isHangUp(error)) throw error;
      this.resentRequests++;
      return request();
    });
    must(reply);
    return performance.now() - started;
  }
}
