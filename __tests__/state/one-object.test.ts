import type { StateBackend } from "../../config";
import { drop, requireDroppable } from "../../state/frozen";
import { newLock } from "../../state/lock-info";
import { type Places, startPlaces } from "./support/places";
import { StateProject, stateOf } from "./support/project";

// R2 and a Worker that keep one object, with moves over a third place: the lock of one is a lock at the other.

let places: Places;
let project: StateProject;
let count = 0;
beforeAll(async () => {
  places = await startPlaces();
});
afterAll(() => places.stop());
afterEach(() => project.remove());

async function start(backend: StateBackend, ...path: readonly StateBackend[]) {
  count++;
  project = new StateProject({
    env: places.env,
    state: [
      `backend: ${backend}`,
      `key: owner/one-object-${count}.tfstate`,
      `url: ${places.workerUrl}/states/one-object-${count}`,
    ],
  });
  await project.write(backend, stateOf(1));
  for (const to of path) await project.migrate(to);
}

test.each([
  ["as it was", undefined],
  ["written in between", stateOf(2)],
])("from r2 over a file to the Worker, %s: the Worker can be written", async (_, bytes) => {
  await start("r2", "local");
  if (bytes) await project.write("local", bytes);
  await project.migrate("worker");
  expect(await project.text("worker")).toBe((bytes ?? stateOf(1)).toString());
  expect(await project.writable("local", "worker")).toEqual(["worker"]);
});

test("from the Worker over a file to r2: the Worker has to let go first, and that is said", async () => {
  await start("worker", "local");
  await project.write("local", stateOf(2));
  await expect(project.migrate("r2")).rejects.toThrow(
    /locked by the tfstate Worker that serves it.*STATE_BACKEND=worker npm run state -- unfreeze; nothing has moved/,
  );
  expect(await project.writable("local", "r2", "worker")).toEqual(["local"]);
  await project.open("worker");
  await project.migrate("r2");
  expect(await project.text("r2")).toBe(stateOf(2).toString());
  expect(await project.writable("local", "r2")).toEqual(["r2"]);
});

test("what is frozen in one cannot be dropped where the other is configured", async () => {
  await start("worker", "local");
  const [store, kept] = [project.store("worker"), project.store("r2")];
  const holder = await store.holder();
  if (!holder) throw new Error("not frozen");
  const frozen = { stack: "cluster", store, holder } as const;
  await expect(requireDroppable(frozen, kept)).rejects.toThrow(/are one object/);
  await expect(drop(frozen, kept)).rejects.toThrow(/are one object/);
  expect(await project.text("r2")).toBe(stateOf(1).toString());
});

test("a lock file that the Worker has put there is not taken away under it", async () => {
  await start("worker");
  const store = project.store("worker");
  const lock = newLock("apply");
  await store.lock(lock);
  await expect(project.breakLock("r2")).rejects.toThrow(/lift the lock there: .*--at worker/);
  expect((await project.store("r2").holder())?.ID).toBe(lock.ID);
  await store.unlock(lock);
  expect(await project.store("r2").holder()).toBeUndefined();
});
