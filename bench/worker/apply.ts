import { join } from "node:path";
import { lockInfo, State, send, stateBody } from "../../__tests__/worker/conformance/client";
import { startTestWorker } from "../../__tests__/worker/support/harness";
import { bundleWorker } from "../../worker/build";

/** What one apply that writes the state twice uses of Cloudflare. */
export interface Apply {
  /** PUT. */
  readonly classA: number;
  /** GET and HEAD. */
  readonly classB: number;
  /** DELETE, which costs nothing. */
  readonly deletes: number;
  readonly rowsWritten: number;
  /** LOCK, GET, two POSTs and UNLOCK. */
  readonly requests: number;
}

/** Counts inside a Worker that does nothing else at the time. */
export async function countApply(): Promise<Apply> {
  const root = join(__dirname, "..", "..");
  const script = await bundleWorker(join(root, "__tests__/worker/support/runtime/faulty-worker.ts"));
  const { owner, miniflare } = await startTestWorker({ script });
  try {
    const counted = async () =>
      JSON.parse((await send(owner, "GET", "/faults/none")).text) as Record<string, number>;
    const state = new State(owner);
    await state.post(stateBody({ serial: 1 }));
    const before = await counted();
    const info = lockInfo();
    const replies = [
      await state.lock(info),
      await state.get(),
      await state.post(stateBody({ serial: 2 }), info.ID),
      await state.post(stateBody({ serial: 3 }), info.ID),
      await state.unlock(info),
    ];
    const after = await counted();
    const failed = replies.find(({ status }) => status !== 200);
    if (failed) throw new Error(`${failed.status}: ${failed.text}`);
    const taken = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
    return {
      classA: taken("put"),
      classB: taken("get") + taken("head"),
      deletes: taken("delete"),
      rowsWritten: taken("rows written"),
      requests: replies.length,
    };
  } finally {
    await miniflare.dispose();
  }
}
