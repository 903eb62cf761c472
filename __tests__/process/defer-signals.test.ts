import { deferSignals } from "../../process/defer-signals";
import { stopOnSignal } from "../../process/stop-on-signal";

let said: string[];
let kill: jest.SpyInstance;
beforeEach(() => {
  said = [];
  jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(`${text}`) > 0);
  kill = jest.spyOn(process, "kill").mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

const work = async () => {
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  expect(kill).not.toHaveBeenCalled();
  return "done";
};

test("a signal is answered with one line, and ends the process when the work is done", async () => {
  expect(await deferSignals(work)).toBe("done");
  expect(said).toEqual(["finishing what has begun, then stopping\n"]);
  expect(kill.mock.calls).toEqual([[process.pid, "SIGINT"]]);
});

test("it ends the process after work that fails, too", async () => {
  const failing = async () => {
    await work();
    throw new Error("no disk");
  };
  await expect(deferSignals(failing)).rejects.toThrow("no disk");
  expect(kill.mock.calls).toEqual([[process.pid, "SIGINT"]]);
});

// Last: a process listens from then on.
test("a command that stops in order on a signal is sent no second one", async () => {
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map(
    (name) => [name, process.listeners(name)] as const,
  );
  const { signal } = stopOnSignal();
  await deferSignals(work);
  expect(signal.aborted).toBe(true);
  expect(kill).not.toHaveBeenCalled();
  for (const [name, before] of listeners) {
    for (const each of process.listeners(name)) if (!before.includes(each)) process.off(name, each);
  }
});
