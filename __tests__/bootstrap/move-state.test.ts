import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeLock } from "../../bootstrap/kept-lock";
import { moveState } from "../../bootstrap/move-state";
import { Workplace } from "../../bootstrap/workplace";
import { newLock } from "../../state/lock-info";
import { type Snapshot, sha256, snapshot } from "../../state/snapshot";
import { encryptedOf } from "../state/support/project";
import { Place } from "./support/place";

const SILENT = () => undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "move-state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = () => new Place(join(folder, "place"));

function workplaceWith(bytes: Uint8Array): { workplace: Workplace; local: Snapshot } {
  const workplace = new Workplace(join(folder, "work"));
  workplace.takeStateIn(bytes);
  return { workplace, local: snapshot(bytes, "local") };
}

test.each(["before", "after"] as const)(
  "cut off %s each effect and done again: the state is there, a copy is set aside, nothing is locked",
  async (cutOff) => {
    const bytes = encryptedOf(5);
    for (let effects = 0; effects < 3; effects++) {
      const to = place();
      const { workplace, local } = workplaceWith(bytes);
      to.cutOff = { at: effects, cutOff };
      await expect(moveState(workplace, local, to, SILENT)).rejects.toThrow("cut off");
      // From the unlocking on, others may write: a copy that is still here would be an older one.
      const copies = { there: to.kept, here: workplace.state()?.bytes };
      const isWritten = effects > 1 || (effects === 1 && cutOff === "after");
      expect({ effects, ...copies }).toEqual({
        effects,
        there: isWritten ? bytes : undefined,
        here: effects < 2 ? bytes : undefined,
      });

      // The next run is another process, which has the folder and nothing else.
      const next = new Workplace(workplace.root);
      if (!next.state()) {
        await takeLock(next, to);
        next.takeStateIn(bytes);
      }
      const backup = await moveState(next, local, to, SILENT);
      expect({ effects, kept: to.kept, locked: to.locked }).toEqual({
        effects,
        kept: bytes,
        locked: undefined,
      });
      expect(readFileSync(backup)).toEqual(bytes);
      expect(existsSync(next.stateFile)).toBe(false);
      rmSync(workplace.root, { recursive: true });
    }
  },
);

test("its effects are a lock, a write and an unlock; where the state is there already, nothing is written", async () => {
  const to = place();
  const { workplace, local } = workplaceWith(encryptedOf(5));
  await moveState(workplace, local, to, SILENT);
  expect(to.effects).toBe(3);
  workplace.takeStateIn(local.bytes);
  await moveState(workplace, local, to, SILENT);
  expect(to.effects).toBe(5);
});

test.each([
  ["a newer one", encryptedOf(6)],
  ["another one of the same serial", encryptedOf(5, { content: "y" })],
  ["one of another lineage", encryptedOf(1, { lineage: "other" })],
])("%s is not overwritten", async (_, there) => {
  const to = place();
  to.kept = there;
  const { workplace, local } = workplaceWith(encryptedOf(5));
  await expect(moveState(workplace, local, to, SILENT)).rejects.toThrow(
    "does not come before the local serial 5",
  );
  expect(to.kept).toBe(there);
  expect(workplace.state()?.sha256).toBe(local.sha256);
});

test("an older one of the same lineage is", async () => {
  const to = place();
  to.kept = encryptedOf(4);
  const { workplace, local } = workplaceWith(encryptedOf(5));
  await moveState(workplace, local, to, SILENT);
  expect(to.kept).toEqual(local.bytes);
});

test("an older serial that somebody wrote after it was taken is not", async () => {
  const to = place();
  const [taken, ofAnother] = [encryptedOf(3), encryptedOf(4)];
  const { workplace, local } = workplaceWith(encryptedOf(5));
  // They broke the lock: the run that goes on takes another one.
  workplace.noteLock({ lock: newLock("bootstrap"), place: to.address, taken: sha256(taken) });
  to.kept = ofAnother;
  await expect(moveState(workplace, local, to, SILENT)).rejects.toThrow(
    /has serial 4, .* which somebody wrote since the local serial 5, .* was taken from there; look at both/,
  );
  expect(to.kept).toBe(ofAnother);
  expect(workplace.state()?.sha256).toBe(local.sha256);

  to.kept = taken;
  await moveState(workplace, local, to, SILENT);
  expect(to.kept).toEqual(local.bytes);
});

test("where other bytes are read back, the local copy stays", async () => {
  const to = place();
  to.read = async () => to.kept && encryptedOf(5, { content: "damaged" });
  const { workplace, local } = workplaceWith(encryptedOf(5));
  await expect(moveState(workplace, local, to, SILENT)).rejects.toThrow(/reads serial 5, .* was written/);
  expect(workplace.state()?.sha256).toBe(local.sha256);
});

test("somebody else's lock is not taken", async () => {
  const to = place();
  to.locked = newLock("apply");
  const { workplace, local } = workplaceWith(encryptedOf(5));
  await expect(moveState(workplace, local, to, SILENT)).rejects.toThrow(`lock ${to.locked.ID}`);
  expect(to.kept).toBeUndefined();
});

test("two states that are set aside at once are two files, the newest first", () => {
  jest.useFakeTimers({ now: Date.UTC(2026, 10, 25) });
  const { workplace } = workplaceWith(encryptedOf(5));
  const first = workplace.setStateAside();
  workplace.takeStateIn(encryptedOf(6));
  const second = workplace.setStateAside();
  expect(workplace.statesSetAside()).toEqual([second, first]);
  expect(readdirSync(workplace.root)).not.toContain("bootstrap.tfstate");
  jest.useRealTimers();
});

test("a folder with a run that was cut off is for nobody else; an empty one is", () => {
  const { workplace } = workplaceWith(encryptedOf(5));
  workplace.bindTo("the bucket a of account 1");
  workplace.bindTo("the bucket a of account 1");
  expect(() => workplace.bindTo("the bucket b of account 1")).toThrow(
    /has a run for the bucket a of account 1 that was cut off, and this one is for the bucket b of account 1; finish/,
  );
  workplace.setStateAside();
  workplace.bindTo("the bucket b of account 1");
});
