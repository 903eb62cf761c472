import { join } from "node:path";
import { bundleWorker } from "../../../worker/build";
import { type State, send } from "../conformance/client";
import { startTestWorker, type TestWorker } from "./harness";

/** A Worker whose storage can be looked into, counts its operations, and fails where a test sets faults. */
export interface StorageWorker extends TestWorker {
  readonly bucket: Awaited<ReturnType<TestWorker["miniflare"]["getR2Bucket"]>>;
}

export async function startStorageWorker(vars: Record<string, string> = {}): Promise<StorageWorker> {
  const script = await bundleWorker(join(__dirname, "runtime", "faulty-worker.ts"));
  const worker = await startTestWorker({ script, vars });
  return Object.assign(worker, { bucket: await worker.miniflare.getR2Bucket("BUCKET") });
}

export const keyOf = (state: State): string => `owner/${state.name}.tfstate`;

/** For a put that is not to overwrite anything. */
export const createOnly = { onlyIf: { etagDoesNotMatch: "*" } };

/** Sets faults for one state; without settings, ends them. */
export const setFaults = (state: State, settings: Record<string, string> = {}): Promise<unknown> =>
  send(state.target, "GET", `/faults/${state.name}?${new URLSearchParams(settings)}`);

/** Runs the alarm of a state, without the wait for it, as if it were so many days later. */
export const runAlarm = (state: State, days = 0): Promise<unknown> =>
  send(state.target, "GET", `/alarm/${encodeURIComponent(`owner/${state.name}`)}?days=${days}`);

/** ID in the lock file of a state, where there is one. */
export async function s3LockId({ bucket }: StorageWorker, state: State): Promise<unknown> {
  const file = await bucket.get(`${keyOf(state)}.tflock`);
  return file && JSON.parse(await file.text()).ID;
}

export async function historyKeys({ bucket }: StorageWorker, state: State): Promise<string[]> {
  return (await bucket.list({ prefix: `history/owner/${state.name}/` })).objects.map(({ key }) => key);
}

/** How often the Worker did something so far. */
export async function counted(worker: TestWorker, what: string): Promise<number> {
  const { text } = await send(worker.owner, "GET", "/faults/none");
  return (JSON.parse(text) as Record<string, number>)[what] ?? 0;
}
