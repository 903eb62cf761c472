import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkDir } from "../../bootstrap/work-dir";
import { encryptedOf } from "../state/support/project";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "work-dir-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("nobody else can read it, not even where the folder was there before", () => {
  const root = join(folder, "work");
  mkdirSync(root);
  chmodSync(root, 0o755);
  const { logs, synthesized } = new WorkDir(root);
  expect([root, logs, synthesized].map(modeOf)).toEqual(["700", "700", "700"]);
});

test("a copy of a state tells serial and hash by its name, and is kept as it is, damaged or not", () => {
  const workDir = new WorkDir(folder);
  const path = workDir.keepCopy(encryptedOf(12));
  expect(path).toMatch(/\/backups\/bootstrap-\d{8}T\d{6}\.\d{3}Z-s12-[0-9a-f]{12}\.tfstate$/);
  expect([readFileSync(path), modeOf(path)]).toEqual([encryptedOf(12), "600"]);
  expect(workDir.keepCopy(Buffer.from("no state"))).toContain("Z-damaged-");
});

test("a note is read as it was written, until it is removed", () => {
  const { lockId } = new WorkDir(folder);
  expect(lockId.read()).toBeUndefined();
  lockId.write("5e1f");
  expect(new WorkDir(folder).lockId.read()).toBe("5e1f");
  lockId.remove();
  lockId.remove();
  expect(lockId.read()).toBeUndefined();
  expect(readdirSync(folder)).not.toContain("lock-id");
});
