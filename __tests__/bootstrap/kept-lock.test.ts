import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Beginning } from "../../bootstrap/beginning";
import { orLeaveAsFound, takeHere } from "../../bootstrap/beginning";
import type { BootstrapProps } from "../../bootstrap/bootstrap";
import { giveBack, takeLock } from "../../bootstrap/kept-lock";
import { Workplace } from "../../bootstrap/workplace";
import { newLock } from "../../state/lock-info";
import { sha256 } from "../../state/snapshot";
import { WorkerStore } from "../../state/worker-store";
import { encryptedOf } from "../state/support/project";
import { Place } from "./support/place";

const BYTES = encryptedOf(5);
let folder: string;
let workplace: Workplace;
let place: Place;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kept-lock-"));
  workplace = new Workplace(join(folder, "work"));
  place = new Place(join(folder, "place"));
  place.kept = BYTES;
  jest.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const kept = () => ({ store: place, state: place.kept, variables: {} });
const take = () => takeHere({ workplace } as BootstrapProps, kept());

describe("the lock", () => {
  test("of a run that was cut off is taken on, also by a note of an older version", async () => {
    const { lock } = await takeLock(workplace, place);
    expect(await takeLock(workplace, place)).toEqual({ lock, place: place.address });
    workplace.noteLock({ lock });
    expect(await takeLock(workplace, place)).toEqual({ lock, place: place.address });
    expect(place.locked).toEqual(lock);
  });

  test("of another place is not forgotten: it is named, with the way back", async () => {
    const { lock } = await takeLock(workplace, place);
    const elsewhere = new Place(join(folder, "elsewhere"));
    await expect(takeLock(workplace, elsewhere)).rejects.toThrow(
      `taken from ${place.address}, which is locked (lock ${lock.ID}), and this run is for ${elsewhere.address}; set state.backend`,
    );
    expect(workplace.lock()?.lock).toEqual(lock);
    expect(elsewhere.effects).toBe(0);
  });

  test("of another user of the same Worker neither", async () => {
    const of = (username: string) => {
      const store = new WorkerStore("https://tfstate.example.com/states/a", { username, password: "b" });
      jest.spyOn(store, "holder").mockResolvedValue(undefined);
      jest.spyOn(store, "lock").mockResolvedValue();
      return store;
    };
    await takeLock(workplace, of("anna"));
    await expect(takeLock(workplace, of("ci"))).rejects.toThrow("(anna/a.tfstate), which is locked");
  });

  test("that somebody else has leaves no note of one that was never taken", async () => {
    place.locked = newLock("apply");
    await expect(takeLock(workplace, place)).rejects.toThrow(`lock ${place.locked.ID}`);
    expect(workplace.lock()).toBeUndefined();

    // Nor does it lose what was noted of the copy that is here.
    const note = { lock: newLock("bootstrap"), place: place.address, taken: "ab12" };
    workplace.noteLock(note);
    await expect(takeLock(workplace, place)).rejects.toThrow(`lock ${place.locked.ID}`);
    expect(workplace.lock()).toEqual(note);
  });

  test("whose answer was lost may have been taken: the note stays", async () => {
    place.cutOff = { at: 0, cutOff: "after" };
    await expect(takeLock(workplace, place)).rejects.toThrow("cut off");
    expect(workplace.lock()?.lock).toEqual(place.locked);
  });

  test("that is there after it was given back is not forgotten", async () => {
    await take();
    jest.spyOn(place, "unlock").mockResolvedValue();
    await expect(giveBack(workplace, place)).rejects.toThrow(`still locked by ${place.locked?.ID}`);
    expect(workplace.lock()?.lock).toEqual(place.locked);
  });
});

describe("taking the state here", () => {
  test("notes what was taken", async () => {
    await take();
    expect(workplace.state()?.bytes).toEqual(BYTES);
    expect(workplace.lock()).toEqual({ lock: place.locked, place: place.address, taken: sha256(BYTES) });
  });

  test.each([
    ["damaged", Buffer.from("no state"), "is not a state"],
    ["gone", undefined, "has no state any more"],
  ])("where it is %s, nothing comes here and nobody is locked out", async (_, bytes, refusal) => {
    place.kept = bytes;
    await expect(take()).rejects.toThrow(refusal);
    expect([place.locked, workplace.lock(), workplace.state()]).toEqual([undefined, undefined, undefined]);
  });

  test("a copy that was here is set aside then: without the lock it would count", async () => {
    workplace.takeStateIn(encryptedOf(4));
    place.kept = Buffer.from("no state");
    await expect(take()).rejects.toThrow("is not a state");
    expect(workplace.state()).toBeUndefined();
    expect(workplace.statesSetAside()).toHaveLength(1);
  });
});

describe("the state is left as it was found", () => {
  const older = { buckets: ["tfstate"], tokens: [] };
  const leave = (work: () => Promise<true | undefined>) =>
    orLeaveAsFound({ workplace } as BootstrapProps, { at: "kept", ...kept() } as Beginning, work);
  beforeEach(() => take());

  test.each([
    ["no note", undefined],
    ["the note of an older run", older],
  ])("where nothing was approved, with %s of an apply", async (_, before) => {
    if (before) workplace.noteBefore(before);
    await leave(async () => undefined);
    expect([place.locked, workplace.lock(), workplace.state()]).toEqual([undefined, undefined, undefined]);
    expect(workplace.before()).toEqual(before);
  });

  test.each([
    ["no note", undefined],
    ["the note of an older run", older],
  ])("but not once an apply has begun, with %s of one", async (_, before) => {
    if (before) workplace.noteBefore(before);
    const work = async () => {
      workplace.noteBefore({ ...older, at: new Date().toISOString() });
      throw new Error("in the middle");
    };
    await expect(leave(work)).rejects.toThrow("in the middle");
    expect(workplace.lock()?.lock).toEqual(place.locked);
    expect(workplace.state()?.bytes).toEqual(BYTES);
  });
});
