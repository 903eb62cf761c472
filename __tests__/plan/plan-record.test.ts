import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  keepPlan,
  type PlanRecord,
  readKeptPlan,
  recordPath,
  removeKeptPlan,
  staleReason,
} from "../../plan/plan-record";

const folder = mkdtempSync(join(tmpdir(), "plan-record-"));
const file = join(folder, "kept/plan.bin");
afterAll(() => rmSync(folder, { recursive: true }));

const made = {
  createdAt: "2026-01-31T12:00:00.000Z",
  stack: "cluster",
  cluster: null,
  source: { commit: "a".repeat(40), tree: "b".repeat(40) },
  programSha256: "0".repeat(64),
  state: { serial: 4, lineage: "7f0c7a52" },
  allow: ["cp-1"],
  environment: { HOSTS_DOWN: "pve3" },
};
const record: PlanRecord = { ...made, version: 1, planSha256: "0".repeat(64) };
const encrypted = Buffer.from('{"encrypted_data": "…"}');

test("a plan is kept with what it was made of, for its owner alone", () => {
  keepPlan(file, encrypted, made);
  const { plan, record: read } = readKeptPlan(file);
  expect(plan).toEqual(encrypted);
  expect(read).toMatchObject(made);
  expect([file, recordPath(file)].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
});

test("a plan in the clear is neither kept nor read", () => {
  expect(() => keepPlan(file, Buffer.from("PK\x03\x04"), made)).toThrow(/is not kept in .* not encrypted/);
});

test("an older plan goes before a new one is made, and nothing else does", () => {
  keepPlan(file, encrypted, made);
  removeKeptPlan(file);
  expect([file, recordPath(file)].filter((path) => existsSync(path))).toEqual([]);
  removeKeptPlan(file);
  const manifest = join(folder, "package");
  writeFileSync(recordPath(manifest), '{"name": "lab"}');
  expect(() => removeKeptPlan(manifest)).toThrow(
    /^\S+package\.json would be overwritten, and is no plan that was kept; name another file/,
  );
  const notes = join(folder, "notes");
  writeFileSync(notes, "mine");
  expect(() => removeKeptPlan(notes)).toThrow(/notes would be overwritten/);
  expect(readFileSync(notes, "utf8")).toBe("mine");
});

test.each<[string, () => void, RegExp]>([
  [
    "the plan is missing",
    () => rmSync(file),
    /^there is no plan in .*plan.bin; make it with npm run plan -- --out/,
  ],
  ["its record is missing", () => rmSync(recordPath(file)), /plan.bin.json is missing, which says/],
  ["its record is cut off", () => writeFileSync(recordPath(file), "{"), /plan.bin.json is not JSON/],
  ["it is another plan", () => writeFileSync(file, '{"encrypted_data": ""}'), /is not the plan that/],
  [
    "its record would set another variable",
    () => edit((text) => text.replace("HOSTS_DOWN", "NODE_OPTIONS")),
    /is no record of a plan: environment/,
  ],
  [
    "its record would leave the folder",
    () => edit((text) => text.replace('"stack": "cluster"', '"stack": "../x"')),
    /is no record of a plan: stack/,
  ],
])("it is refused where %s", (_, change, message) => {
  keepPlan(file, encrypted, made);
  change();
  expect(() => readKeptPlan(file)).toThrow(message);
});

function edit(change: (text: string) => string): void {
  writeFileSync(recordPath(file), change(readFileSync(recordPath(file), "utf8")));
}

test.each<[string, Partial<PlanRecord>, string | undefined]>([
  ["nothing has changed", {}, undefined],
  ["the commit is another one with the same files", { source: { ...made.source, commit: "c" } }, undefined],
  [
    "the files are others",
    { source: { commit: "c".repeat(40), tree: "d" } },
    "made of commit aaaaaaaaaaaa, and here is commit cccccccccccc, whose files differ",
  ],
  ["there is no commit", { source: null }, "made of commit aaaaaaaaaaaa, and here is no commit"],
  ["the program is another one", { programSha256: "1" }, "synthesizes another cdk.tf.json"],
  [
    "the state has a newer serial",
    { state: { serial: 5, lineage: "7f0c7a52" } },
    "it had serial 4, and has 5 now",
  ],
  [
    "the state has an older serial",
    { state: { serial: 3, lineage: "7f0c7a52" } },
    "it had serial 4, and has 3 now",
  ],
  [
    "the state is another one",
    { state: { serial: 4, lineage: "dead" } },
    "its lineage is 7f0c7a52, and that of the state now is dead",
  ],
  ["the state is gone", { state: null }, "there is no state now; find out where it is"],
])("a plan where %s", (_, now, reason) => {
  const said = staleReason(record, { ...record, ...now });
  if (reason === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(reason);
});

test("a plan that was made without a state is refused once there is one", () => {
  const first = { ...record, state: null };
  expect(staleReason(first, first)).toBeUndefined();
  expect(staleReason(first, record)).toContain("when there was no state, and there is one now, of serial 4");
});
