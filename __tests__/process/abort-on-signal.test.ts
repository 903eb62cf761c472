import { setTimeout as sleep } from "node:timers/promises";
import { withAbortOnSignal } from "../../process/abort-on-signal";

const NAMES = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const listeners = () => NAMES.map((name) => process.listenerCount(name));

test.each(NAMES)("%s ends the work, which tidies up first", async (name) => {
  const before = listeners();
  let isTidy = false;
  const work = withAbortOnSignal(async (signal) => {
    try {
      await sleep(60_000, undefined, { signal });
    } finally {
      isTidy = true;
    }
  });
  process.emit(name, name);
  await expect(work).rejects.toMatchObject({ name: "AbortError" });
  expect({ isTidy, listeners: listeners() }).toEqual({ isTidy: true, listeners: before });
});

test("work that ends all the same leads to nothing after it", async () => {
  const work = withAbortOnSignal(async () => {
    process.emit("SIGINT", "SIGINT");
    return 1;
  });
  await expect(work).rejects.toMatchObject({ name: "AbortError" });
});

test("afterwards, signals are not its business", async () => {
  const before = listeners();
  expect(await withAbortOnSignal(async () => 1)).toBe(1);
  await expect(withAbortOnSignal(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(listeners()).toEqual(before);
});
