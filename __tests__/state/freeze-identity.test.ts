import type { LockHolder } from "../../domain/lock-info";
import {
  belongsTo,
  freezeReason,
  isArrival,
  isForSamePlace,
  isFreezeWithoutLock,
  isFrozen,
  newArrival,
  newFreeze,
} from "../../state/locks";

// The Worker's own freeze, as the holder that is left when somebody has broken the lock it belongs to.

const lock = newFreeze("r2 bucket/key");
const freezeOf = (of: LockHolder): LockHolder => ({
  ...of,
  ID: "freeze-1",
  Operation: "freeze",
  Info: freezeReason(of),
  freeze: { lock: of.ID, operation: of.Operation },
});

test("it is the freeze of the lock that its field names", () => {
  const holder = freezeOf(lock);
  expect(belongsTo(holder, lock)).toBe(true);
  expect(belongsTo(holder, newFreeze("r2 bucket/key"))).toBe(false);
  expect(isFrozen(holder)).toBe(true);
  expect(isFreezeWithoutLock(holder)).toBe(true);
  expect(isArrival(holder)).toBe(false);
  expect(isArrival(freezeOf(newArrival("r2 bucket/key")))).toBe(true);
  expect(isForSamePlace(holder, newFreeze("r2 bucket/key"))).toBe(true);
  expect(isForSamePlace(holder, newFreeze("r2 bucket/other"))).toBe(false);
});

test("a lock itself is no bare freeze", () => {
  expect([isFrozen(lock), isFreezeWithoutLock(lock), belongsTo(lock, lock)]).toEqual([true, false, true]);
});

test("no text makes a freeze that of a migration", () => {
  const { freeze: _, ...text } = freezeOf(lock);
  const forged = { ...text, Info: `${lock.Info} (frozen ${lock.ID})` };
  for (const holder of [text, forged, { ...forged, freeze: {} }]) {
    expect([isFrozen(holder), isFreezeWithoutLock(holder), belongsTo(holder, lock)]).toEqual([
      false,
      false,
      false,
    ]);
  }
});

test("a reason that the Worker would refuse as too long is cut, and is known again", () => {
  const long = newFreeze(`local ${"/folder".repeat(100)}`);
  expect(freezeReason(long)).toHaveLength(500);
  expect(isForSamePlace(freezeOf(long), long)).toBe(true);
});
