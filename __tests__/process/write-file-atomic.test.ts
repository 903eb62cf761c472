import fs, {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../../process/write-file-atomic";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "write-file-atomic-"));
  path = join(folder, "file");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test("the file is new as a whole, for its owner alone unless told otherwise", () => {
  writeFileSync(path, "old", { mode: 0o644 });
  const before = statSync(path).ino;
  writeFileAtomic(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).ino).not.toBe(before);
  writeFileAtomic(path, "new", 0o640);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a symbolic link stays one, and the file behind it is new: another project may have it as well", () => {
  const shared = join(folder, "shared");
  mkdirSync(shared);
  writeFileSync(join(shared, "secrets.yaml"), "old");
  symlinkSync("shared/secrets.yaml", path);
  writeFileAtomic(path, "new");
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(shared, "secrets.yaml"), "utf8")).toBe("new");
  expect(readdirSync(shared)).toEqual(["secrets.yaml"]);
});

test("a symbolic link to a file that is not there yet stays one too", () => {
  symlinkSync("next", path);
  symlinkSync("later", join(folder, "next"));
  writeFileAtomic(path, "new");
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, "later"), "utf8")).toBe("new");
});

test.each(["writeFileSync", "renameSync"] as const)(
  "where %s fails, the old file stays, with nothing beside it",
  (name) => {
    writeFileSync(path, "old");
    const real = fs[name] as (...args: unknown[]) => void;
    jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
      // The disk is full in the middle of the write.
      if (name === "writeFileSync") real(args[0], "ne", args[2]);
      throw new Error("ENOSPC: no space left on device");
    });
    expect(() => writeFileAtomic(path, "new")).toThrow("ENOSPC");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  },
);

test("the bytes are on the disk before the rename, and the rename is before the end", () => {
  const done: string[] = [];
  const spy = (name: "writeFileSync" | "renameSync" | "fsyncSync") => {
    const real = fs[name] as (...args: unknown[]) => void;
    jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
      const isFlushed = (args[2] as { readonly flush?: boolean } | undefined)?.flush;
      done.push(isFlushed ? `${name}, flushed` : name);
      real(...args);
    });
  };
  spy("writeFileSync");
  spy("renameSync");
  spy("fsyncSync");
  writeFileAtomic(path, "new");
  expect(done[0]).toBe("writeFileSync, flushed");
  expect(done.slice(-2)).toEqual(["renameSync", "fsyncSync"]);
});
