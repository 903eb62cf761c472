import type { StateBackend } from "../../config";
import { drop, requireDroppable } from "../../state/drop";
import { newLock } from "../../state/locks";
import { type StateProject, stateOf } from "./support/project";
import { useBackends } from "./support/use-backends";

// R2 and a Worker that keep one object: the lock of one is a lock in the other.

const backends = useBackends();
let project: StateProject;

async function start(backend: StateBackend, ...path: readonly StateBackend[]) {
  project = backends.project({ backend, isOneObject: true });
  await project.write(backend, stateOf(1));
  for (const to of path) await project.migrate(to);
}

test.each([
  ["as it was", undefined],
  ["written in between", stateOf(2)],
])("from r2 to a file to the Worker, %s: the Worker can be written", async (_, bytes) => {
  await start("r2", "local");
  if (bytes) await project.write("local", bytes);
  await project.migrate("worker");
  expect(await project.text("worker")).toBe((bytes ?? stateOf(1)).toString());
  expect(await project.writable("local", "worker")).toEqual(["worker"]);
});

test("from the Worker to a file to r2: the error says that the Worker must be unfrozen first", async () => {
  await start("worker", "local");
  await project.write("local", stateOf(2));
  await expect(project.migrate("r2")).rejects.toThrow(
    /locked by the tfstate Worker that serves it.*STATE_BACKEND=worker npm run state -- unfreeze; nothing has moved/,
  );
  expect(await project.writable("local", "r2", "worker")).toEqual(["local"]);
  await project.unfreeze("worker");
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
  await expect(project.breakLock("r2")).rejects.toThrow(
    /remove the lock at the Worker: .* unlock \S+ --at worker/,
  );
  expect((await project.store("r2").holder())?.ID).toBe(lock.ID);
  await store.unlock(lock);
  expect(await project.store("r2").holder()).toBeUndefined();
});
