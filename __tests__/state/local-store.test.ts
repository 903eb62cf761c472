import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalStore } from "../../state/local-store";
import { newFreeze, newLock } from "../../state/locks";
import { withLock } from "../../state/with-lock";
import { stateOf } from "./support/project";

jest.mock("fs-native-extensions", () => ({ ...jest.requireActual("fs-native-extensions") }));
const native = jest.requireMock<typeof import("fs-native-extensions")>("fs-native-extensions");

const SHORT = stateOf(1);
const LONG = stateOf(2, { content: "long".repeat(1000) });

let folder: string;
let path: string;
let store: LocalStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "local-store-"));
  path = join(folder, "terraform.tfstate");
  store = new LocalStore(path);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const write = (bytes: Buffer) => withLock(store, "test", (lock) => store.write(bytes, lock));
const text = async (from = store) => Buffer.from((await from.read()) ?? "").toString();

/** From the `nth` write in place on, the disk takes three bytes and then no more. */
function fillDisk(nth = 1): void {
  const real = fs.writeSync as (...args: unknown[]) => number;
  let calls = 0;
  const failing = (fd: number, bytes: Uint8Array, from: number, length: number, at?: number) => {
    if (at === undefined || ++calls < nth) return real(fd, bytes, from, length, at);
    if (calls === nth) return real(fd, bytes, from, Math.min(length, 3), at);
    throw new Error("ENOSPC: no space left on device, write");
  };
  jest.spyOn(fs, "writeSync").mockImplementation(failing as typeof fs.writeSync);
}

test("a full disk leaves the old state as it was, with nothing beside it", async () => {
  await write(SHORT);
  fillDisk();
  await expect(write(LONG)).rejects.toThrow("ENOSPC");
  expect(readFileSync(path)).toEqual(SHORT);
  expect(readdirSync(folder).filter((name) => !name.endsWith(".backup"))).toEqual(["terraform.tfstate"]);
  jest.restoreAllMocks();
  await write(LONG);
  expect(await text()).toBe(LONG.toString());
});

test("a disk that is full before the new bytes are whole beside the state leaves nothing behind", async () => {
  await write(SHORT);
  const real = fs.writeFileSync;
  jest.spyOn(fs, "writeFileSync").mockImplementation((file, content, options) => {
    real(file, content, options);
    if (String(file).includes(".new")) throw new Error("ENOSPC");
  });
  await expect(write(LONG)).rejects.toThrow("ENOSPC");
  expect(readFileSync(path)).toEqual(SHORT);
  expect(readdirSync(folder).filter((name) => !name.endsWith(".backup"))).toEqual(["terraform.tfstate"]);
});

test("what is torn reads as what the next lock makes of it", async () => {
  const next = stateOf(3, { content: "next" });
  await write(LONG);
  writeFileSync(`${path}.new`, next);
  expect(await text()).toBe(LONG.toString());
  writeFileSync(path, Buffer.concat([next, LONG.subarray(next.length)]));
  expect(await text()).toBe(next.toString());
  await withLock(store, "test", async () => undefined);
  expect(readFileSync(path)).toEqual(next);
  expect(existsSync(`${path}.new`)).toBe(false);
});

/** Two states of one length whose bytes can be mixed, and stay JSON. */
const [OLD, NEW] = [stateOf(1, { content: "old" }), stateOf(2, { content: "new" })];

test.each([1, 2, 3])(
  "a write between states of one length that ends after %s parts of it is finished, and no mixture is a state",
  async (parts) => {
    expect(OLD.length).toBe(NEW.length);
    await write(OLD);
    const real = fs.writeSync as (...args: unknown[]) => number;
    let calls = 0;
    const inHalves = (fd: number, bytes: Uint8Array, from: number, length: number, at?: number) => {
      if (at === undefined) return real(fd, bytes, from, length, at);
      if (++calls > parts) throw new Error("killed");
      return real(fd, bytes, from, Math.ceil(length / 2), at);
    };
    jest.spyOn(fs, "writeSync").mockImplementation(inHalves as typeof fs.writeSync);
    await expect(write(NEW)).rejects.toThrow("killed");
    jest.restoreAllMocks();
    expect(await text()).toBe(NEW.toString());
    await withLock(store, "test", async () => undefined);
    expect(readFileSync(path)).toEqual(NEW);
  },
);

test("a read during which a whole write goes by is done again", async () => {
  await write(NEW);
  const real = fs.readFileSync;
  let isFirst = true;
  jest.spyOn(fs, "readFileSync").mockImplementation(((file: string, ...more: []) => {
    if (file !== path || !isFirst) return real(file, ...more);
    isFirst = false;
    return Buffer.concat([OLD.subarray(0, OLD.length / 2), NEW.subarray(OLD.length / 2)]);
  }) as typeof fs.readFileSync);
  expect(await text()).toBe(NEW.toString());
  expect(isFirst).toBe(false);
});

test("behind a symbolic link it is the file that is written, frozen, opened and removed, and the link stays", async () => {
  const shared = join(folder, "shared");
  const target = join(shared, "cluster.tfstate");
  mkdirSync(shared);
  symlinkSync("shared/cluster.tfstate", path);
  await write(SHORT);
  expect(readFileSync(target)).toEqual(SHORT);
  const freeze = newFreeze("elsewhere");
  await store.freeze(freeze);
  expect(readFileSync(target, "utf8")).toContain("none: ");
  expect(await text()).toBe(SHORT.toString());
  await store.remove(freeze);
  await store.unfreeze(freeze);
  expect([lstatSync(path).isSymbolicLink(), existsSync(target), await store.read()]).toEqual([
    true,
    false,
    undefined,
  ]);
  await write(LONG);
  expect(readFileSync(target)).toEqual(LONG);
  await withLock(store, "test", (lock) => store.remove(lock));
  expect([lstatSync(path).isSymbolicLink(), readdirSync(shared)]).toEqual([true, []]);
  expect((await store.versions()).map(({ serial }) => serial).sort()).toEqual([1, 2]);
});

test("what is torn while somebody has the lock is not read", async () => {
  const lock = newLock("apply");
  await write(LONG);
  await store.lock(lock);
  writeFileSync(path, LONG.subarray(0, 100));
  writeFileSync(`${path}.new`, SHORT);
  await expect(new LocalStore(path).read()).rejects.toThrow(/may be writing: try again/);
  await store.unlock(lock);
});

test.each([1, 2])(
  "a freeze and an unfreeze that were interrupted at write %s are done again",
  async (nth) => {
    await write(SHORT);
    const freeze = newFreeze("elsewhere");
    for (const step of ["freeze", "unfreeze"] as const) {
      const cutOff = new LocalStore(path);
      fillDisk(nth);
      // As a kill would: nothing is taken back.
      jest.spyOn(fs, "ftruncateSync").mockImplementation(() => {
        throw new Error("killed");
      });
      const real = fs.rmSync;
      jest.spyOn(fs, "rmSync").mockImplementation((file, options) => {
        if (!String(file).endsWith(".new")) real(file, options);
      });
      await cutOff[step](freeze).catch(() => undefined);
      await cutOff.unlock(freeze);
      jest.restoreAllMocks();
      expect(await text()).toBe(SHORT.toString());
      await store[step](freeze);
      expect(await text()).toBe(SHORT.toString());
      expect((await store.holder())?.ID).toBe(step === "freeze" ? freeze.ID : undefined);
    }
  },
);

test.each(["removed", "replaced"])("a file that was %s before its lock is locked again", async (how) => {
  await write(SHORT);
  const real = native.tryLock;
  let isFirst = true;
  jest.spyOn(native, "tryLock").mockImplementation((...args) => {
    if (isFirst) {
      isFirst = false;
      rmSync(path);
      if (how === "replaced") writeFileSync(path, LONG);
    }
    return real(...args);
  });
  const lock = newLock("test");
  await store.lock(lock);
  expect(await text()).toBe(how === "replaced" ? LONG.toString() : "");
  await expect(new LocalStore(path).lock(newLock("other"))).rejects.toThrow(lock.ID);
  await store.unlock(lock);
});

test("a state that is not ours to write can be read, with its lock", async () => {
  await write(SHORT);
  const lock = newLock("apply");
  const other = new LocalStore(path);
  const real = fs.openSync;
  const readOnly = () =>
    jest.spyOn(fs, "openSync").mockImplementation((file, flags, mode) => {
      if (typeof flags === "number" && (flags & (fs.constants.O_RDWR | fs.constants.O_WRONLY)) !== 0) {
        throw Object.assign(new Error(`EACCES: permission denied, open '${file}'`), { code: "EACCES" });
      }
      return real(file, flags, mode);
    });
  readOnly();
  expect(await store.holder()).toBeUndefined();
  expect(await text()).toBe(SHORT.toString());
  jest.restoreAllMocks();
  await other.lock(lock);
  readOnly();
  expect((await store.holder())?.ID).toBe(lock.ID);
  await other.unlock(lock);
});
