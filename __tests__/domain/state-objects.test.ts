import fc from "fast-check";
import {
  backupKey,
  historyFolder,
  isStateName,
  lockKey,
  maxStateNameBytes,
  reservedNamespaces,
  stateKey,
  stateOfKey,
  versionKey,
  versionOfKey,
} from "../../domain/state-objects";

// What is deployed looks for its objects under these keys: they never change.
test("the keys of a state", () => {
  const ref = { namespace: "owner", name: "prod" };
  const key = stateKey(ref);
  expect(key).toBe("owner/prod.tfstate");
  expect(lockKey(key)).toBe("owner/prod.tfstate.tflock");
  expect(versionKey(key, "v1")).toBe("history/owner/prod/v1.tfstate");
  expect(backupKey(ref, "2026-01-31T12:00:00Z", "v1")).toBe(
    "versions/owner/prod/2026-01-31T12:00:00Z-v1.tfstate",
  );
  expect(reservedNamespaces).toEqual(["history", "versions", ".", ".."]);
});

test("a key of the S3 backend has its versions beside it, whatever it ends in", () => {
  expect(historyFolder("a/b/c.tfstate")).toBe("history/a/b/c/");
  expect(historyFolder("a/b/state.json")).toBe("history/a/b/state.json/");
  expect(versionOfKey("a/b.tfstate", "history/a/b/v1.tfstate")).toBe("v1");
});

test("the key of a state leads back to it, and no other key to any", () => {
  const part = fc.string({ minLength: 1 }).filter(isStateName);
  fc.assert(
    fc.property(part, part, (namespace, name) => {
      const ref = { namespace, name };
      expect(stateOfKey(stateKey(ref))).toEqual(ref);
    }),
  );
  const others = [
    "owner/prod.tfstate.tflock",
    "history/owner/prod/v1.tfstate",
    "prod.tfstate",
    "owner/.tfstate",
    "owner/x",
    "owner/a%b.tfstate",
    "owner/ a.tfstate",
  ];
  for (const key of others) expect(stateOfKey(key)).toBeUndefined();
});

test.each(["prod", "a b", "é", "🔒", "a:b", ".tfstate", "...", "x".repeat(maxStateNameBytes)])(
  "%s can be a name",
  (name) => {
    expect(isStateName(name)).toBe(true);
  },
);

test.each([
  "",
  ".",
  "..",
  "a/b",
  "a\\b",
  "a%2Fb",
  " a",
  "a\u00a0",
  "a\nb",
  "\u0000",
  "e\u0301",
  "\ud800",
  "\ufffd",
  "x".repeat(maxStateNameBytes + 1),
  "é".repeat(maxStateNameBytes / 2 + 1),
  "€".repeat(67),
  "🔒".repeat(51),
])("%j cannot be a name", (name) => {
  expect(isStateName(name)).toBe(false);
});
