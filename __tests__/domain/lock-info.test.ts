import { parseLockInfo, readLockHolder } from "../../domain/lock-info";

const lock = {
  ID: "a-lock",
  Operation: "OperationTypeApply",
  Info: "",
  Who: "alice@laptop",
  Version: "1.12.6",
  Created: "2026-01-31T12:00:00.123456789Z",
  Path: "bucket/key",
};

test("a lock is read as it was written, and what it does not have is empty", () => {
  expect(parseLockInfo(JSON.stringify({ ...lock, More: 1 }))).toEqual(lock);
  expect(parseLockInfo('{"ID":"x"}')).toEqual({
    ...{ ID: "x", Operation: "", Info: "", Who: "", Version: "", Created: "", Path: "" },
  });
});

test.each(["", "{", "null", "[]", '"x"', "7"])("%s is no lock", (text) => {
  expect(parseLockInfo(text)).toBeUndefined();
});

test("a field that no client could read is empty, a time that is none is replaced, and a long text is cut", () => {
  const text = JSON.stringify({ ID: 7, Who: ["x"], Info: "i".repeat(5000), Created: "yesterday" });
  const read = parseLockInfo(text, "2026-01-01T00:00:00Z");
  expect(read).toMatchObject({ ID: "", Who: "", Created: "2026-01-01T00:00:00Z" });
  expect(read?.Info).toHaveLength(4096);
  expect(parseLockInfo('{"Created":"2026-02-31T25:00:00Z"}')?.Created).toBe("");
});

test.each(["", "{", '{"Who":"bob"}', '{"ID":""}'])("%s still locks, with an ID", (text) => {
  const unreadable = { where: "the lock file", id: "unreadable-1", who: "somebody", created: lock.Created };
  expect(readLockHolder(text, unreadable)).toMatchObject({
    ID: "unreadable-1",
    Info: "the lock file cannot be read",
    Who: "somebody",
    Created: lock.Created,
  });
  expect(readLockHolder(text, { where: "x" }).ID).toBe("unreadable");
});

test("a freeze is known by its field alone, of which only texts count", () => {
  const read = (value: object) => readLockHolder(JSON.stringify(value), { where: "x" }).freeze;
  expect(read({ ...lock, freeze: { lock: "l", operation: "arrival", reason: "r" } })).toEqual({
    lock: "l",
    operation: "arrival",
  });
  expect(read({ ...lock, freeze: { lock: 7 } })).toEqual({});
  expect(read({ ...lock, Operation: "freeze", Info: "moved (frozen a-lock)" })).toBeUndefined();
  expect(parseLockInfo(JSON.stringify({ ...lock, freeze: { lock: "l" } }))).toEqual(lock);
});
