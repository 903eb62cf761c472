import fc from "fast-check";
import { brokenRules, isLineage, isSerial, readSerial, type StateIdentity } from "../../domain/state-guard";

const current: StateIdentity = { serial: 5, lineage: "a", encrypted: true, sha256: "current" };
const next = { ...current, serial: 6, sha256: "next" };

test.each<[string, Partial<StateIdentity>, readonly string[]]>([
  ["a newer serial", {}, []],
  ["the same serial with other bytes", { serial: 5 }, ["serial"]],
  ["an older serial", { serial: 4 }, ["serial"]],
  ["no serial", { serial: null }, ["serial"]],
  ["another lineage, whatever its serial", { lineage: "b", serial: 1 }, ["lineage"]],
  ["no lineage", { lineage: undefined }, ["lineage"]],
  ["plaintext", { encrypted: false }, ["plaintext"]],
  ["plaintext of another lineage", { encrypted: false, lineage: "b" }, ["plaintext", "lineage"]],
  ["the same bytes again", { sha256: "current", serial: 5 }, []],
])("%s", (_, change, broken) => {
  expect(brokenRules(current, { ...next, ...change }, true)).toEqual(broken);
});

test("the first version is bound by nothing but encryption, and a current one without serial or lineage by neither", () => {
  expect(brokenRules(undefined, { ...next, encrypted: false }, false)).toEqual([]);
  expect(brokenRules(null, { ...next, encrypted: false }, true)).toEqual(["plaintext"]);
  const unknown = { ...current, serial: null, lineage: null };
  expect(brokenRules(unknown, { ...next, serial: 0, lineage: "b" }, true)).toEqual([]);
});

test("of two versions that differ, at most one is a successor of the other", () => {
  const version = fc.record({
    serial: fc.nat(5),
    lineage: fc.constantFrom("a", "b"),
    encrypted: fc.boolean(),
    sha256: fc.constantFrom("1", "2", "3"),
  });
  fc.assert(
    fc.property(version, version, (one, other) => {
      fc.pre(one.sha256 !== other.sha256);
      const isSuccessor = brokenRules(one, other, false).length === 0;
      const isPredecessor = brokenRules(other, one, false).length === 0;
      return !(isSuccessor && isPredecessor);
    }),
  );
});

test("serials and lineages", () => {
  expect([0, 1, Number.MAX_SAFE_INTEGER].map(isSerial)).toEqual([true, true, true]);
  expect([-1, -0, 1.5, 2 ** 53, Number.NaN, "1", null, undefined].some(isSerial)).toBe(false);
  expect(isLineage("x")).toBe(true);
  expect(["", null, undefined, 7].some(isLineage)).toBe(false);
});

test("a serial is read as it is written, and only as clients read it", () => {
  expect(["0", "7", "9007199254740991"].map(readSerial)).toEqual([0, 7, Number.MAX_SAFE_INTEGER]);
  for (const text of ["-0", "-1", "1e3", "5.0", "01", "9007199254740992", "", "x", null, undefined])
    expect(readSerial(text)).toBeNull();
});
