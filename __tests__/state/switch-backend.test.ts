import { withBackend } from "../../state/switch-backend";

const switched = (text: string) => withBackend(text, "worker", "cluster.yaml");

test.each([
  ["a value", "a: 1\nstate:\n  backend: r2\n  key: x\n", "a: 1\nstate:\n  backend: worker\n  key: x\n"],
  [
    "a value with a comment and odd blanks",
    "state:   # here\n    backend:    r2   # or there\n\n    key:  x\r\nb:   [1,  2]\n",
    "state:   # here\n    backend:    worker   # or there\n\n    key:  x\r\nb:   [1,  2]\n",
  ],
  ["quotes", 'state: { key: "x", backend: "r2" }\n', 'state: { key: "x", backend: worker }\n'],
  ["no value in a block", "state:\n  # why\n  key: x\n", "state:\n  # why\n  backend: worker\n  key: x\n"],
  ["no value in a flow", "state: {key: x}\n", "state: {backend: worker, key: x}\n"],
  ["an empty flow", "state: {}\n", "state: {backend: worker}\n"],
  ["no state", "a: 1", "a: 1\nstate:\n  backend: worker\n"],
  ["the same", "state: {backend: worker}\n", "state: {backend: worker}\n"],
])("%s: nothing else changes", (_, before, after) => {
  expect(switched(before)).toBe(after);
});

test.each([
  ["an alias", "x: &x { backend: r2 }\nstate: *x\n"],
  ["a merged map", "x: &x { backend: r2 }\nstate:\n  <<: *x\n  key: y\n...\n"],
  ["null", "state:\n"],
  ["a document that has ended", "a: 1\n...\n"],
])("%s is left to a person, or right", (_, before) => {
  let after: string | undefined;
  try {
    after = switched(before);
  } catch (error) {
    expect(String(error)).toContain("cluster.yaml: state.backend");
  }
  // A merge key can be overridden in place.
  if (after !== undefined) expect(after).toBe(before.replace("  <<: *x", "  backend: worker\n  <<: *x"));
});
