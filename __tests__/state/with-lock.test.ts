import { LockedError } from "../../state/errors";
import { newLock } from "../../state/locks";
import type { StateStore } from "../../state/store";
import { withLock } from "../../state/with-lock";

const broken = (what: string) => async () => {
  throw new Error(`${what} failed`);
};
const store = (methods: Partial<StateStore>) =>
  ({
    address: "r2 a/b",
    lock: async () => undefined,
    unlock: async () => undefined,
    holder: async () => undefined,
    ...methods,
  }) as StateStore;

test("a lock that could not be given back is told with its id, beside what went wrong before", async () => {
  const work = withLock(store({ unlock: broken("unlock") }), "test", broken("write"));
  await expect(work).rejects.toThrow(
    /^write failed; r2 a\/b stays locked \(unlock failed\); npm run state -- unlock [0-9a-f-]{36}$/,
  );
  const done = withLock(store({ unlock: broken("unlock") }), "test", async () => "done");
  await expect(done).rejects.toThrow(/^unlock failed; r2 a\/b stays locked/);
});

test("a lock that may have been taken is told with its id; one of somebody else is not ours", async () => {
  const silent = store({ lock: broken("lock"), holder: broken("holder") });
  const lost = withLock(silent, "test", async () => "done");
  await expect(lost).rejects.toThrow(
    /^lock failed; r2 a\/b may be locked by this command; npm run state -- unlock /,
  );
  const theirs = new LockedError("r2 a/b", newLock("apply"));
  const held = store({
    lock: async () => {
      throw theirs;
    },
  });
  await expect(withLock(held, "test", async () => "done")).rejects.toBe(theirs);
});

test("what went wrong stays what it was where the lock is given back", async () => {
  await expect(withLock(store({}), "test", broken("write"))).rejects.toThrow(/^write failed$/);
});

test("a lock that was taken without an answer is given back, and one of somebody else is not", async () => {
  const theirs = newLock("apply");
  for (const isOurs of [true, false]) {
    let held: string | undefined;
    const given: string[] = [];
    const taking = store({
      lock: async ({ ID }) => {
        held = isOurs ? ID : theirs.ID;
        throw new Error("no answer");
      },
      holder: async () => ({ ...theirs, ID: held ?? "" }),
      unlock: async ({ ID }) => void given.push(ID),
    });
    await expect(withLock(taking, "test", async () => "done")).rejects.toThrow(/^no answer$/);
    expect(given).toEqual(isOurs ? [held] : []);
  }
});
