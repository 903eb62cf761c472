import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Workplace } from "../../bootstrap/workplace";
import { freezeMarker } from "../../state/freeze-marker";
import { newFreeze, newLock } from "../../state/lock-info";
import { encryptedOf } from "../state/support/project";

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workplace-"));
  root = join(folder, "work");
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("what others could read of an older version's folder, or of OpenTofu's files, they cannot any more", () => {
  mkdirSync(join(root, "backups"), { recursive: true });
  chmodSync(root, 0o755);
  const files = ["bootstrap.tfstate", "bootstrap.tfstate.backup", "bootstrap.tfplan", "backups/old.tfstate"];
  for (const file of files) {
    writeFileSync(join(root, file), encryptedOf(1));
    chmodSync(join(root, file), 0o644);
  }
  const workplace = new Workplace(root);
  expect(modeOf(root)).toBe("700");
  expect(files.map((file) => modeOf(join(root, file)))).toEqual(["600", "600", "600", "600"]);

  // OpenTofu has written it meanwhile.
  chmodSync(workplace.stateFile, 0o644);
  expect(modeOf(workplace.setStateAside())).toBe("600");
});

test("a damaged state is set aside as well", () => {
  const workplace = new Workplace(root);
  writeFileSync(workplace.stateFile, "no state");
  expect(workplace.setStateAside()).toMatch(/bootstrap-[\dT.]+Z\.tfstate$/);
});

test.each([
  ["cut off", '{"ID":"1"'],
  ["of another shape", '{"ID":1,"buckets":"tfstate"}'],
])("a note that is %s is named, with what to do", (_, text) => {
  const workplace = new Workplace(root);
  writeFileSync(join(root, "lock.json"), text);
  expect(() => workplace.lock()).toThrow(/work\/lock\.json is damaged, .*; remove it; npm run state -- list/);
  writeFileSync(join(root, "before-apply.json"), text);
  expect(() => workplace.before()).toThrow(
    /work\/before-apply\.json is damaged, .*; it notes what was in the account/,
  );
});

test("a state that was migrated is not read: its place says where it is kept", () => {
  const file = join(folder, "terraform-bootstrap.tfstate");
  writeFileSync(file, freezeMarker(newFreeze("r2 tfstate/proxmox/terraform-bootstrap.tfstate")));
  expect(() => new Workplace(root, file).state()).toThrow(
    /terraform-bootstrap\.tfstate is locked by .*the state is kept in r2 tfstate\/.*; get the newest cluster\.yaml/s,
  );
});

test("what it notes, it reads", () => {
  const workplace = new Workplace(root);
  expect([workplace.lock(), workplace.before()]).toEqual([undefined, undefined]);
  const note = { lock: newLock("bootstrap"), place: "r2 tfstate/x", taken: "ab12" };
  workplace.noteLock(note);
  const before = { at: new Date().toISOString(), buckets: ["tfstate"], tokens: [] };
  workplace.noteBefore(before);
  expect([workplace.lock(), workplace.before()]).toEqual([note, before]);
  // Of an older version.
  writeFileSync(join(root, "lock.json"), JSON.stringify(note.lock));
  expect(workplace.lock()).toEqual({ lock: note.lock });
});
