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
  ["no value behind the key", "state:\n  backend:\n  key: x\n", "state:\n  backend: worker\n  key: x\n"],
  ["a comment behind the key", "state:\n  backend: # which\n", "state:\n  backend: worker # which\n"],
  ["no value in a flow's key", "state: {backend: , key: x}\n", "state: {backend: worker , key: x}\n"],
  ["an empty state", "state: # later\nb: 1\n", "state: # later\n  backend: worker\nb: 1\n"],
  ["an empty state at the end", "a: 1\nstate:", "a: 1\nstate:\n  backend: worker"],
  ["the same", "state: {backend: worker}\n", "state: {backend: worker}\n"],
])("%s: nothing else changes", (_, before, after) => {
  expect(switched(before)).toBe(after);
});

// A merge key can be overridden in place.
test("a merged map gets a value of its own", () => {
  const text = "x: &x { backend: r2 }\nstate:\n  <<: *x\n  key: y\n...\n";
  expect(switched(text)).toBe(text.replace("  <<: *x", "  backend: worker\n  <<: *x"));
});

test.each([
  ["an alias", "x: &x { backend: r2 }\nstate: *x\n", 2],
  ["null, as a word", "a: 1\n\nstate: ~\n", 3],
  ["a key without a value", "state: {backend, key: x}\n", 1],
  ["a document that has ended", "a: 1\n...\n", 2],
])("%s is not changed, and the error says what to write where", (_, text, line) => {
  expect(() => switched(text)).toThrow(
    `cluster.yaml:${line}: state.backend cannot be changed safely in the form in which it is written; write it by hand:\n\n` +
      "state:\n  backend: worker\n",
  );
});

test.each([
  ["a key that is there twice", "state:\n  backend: worker\n  backend: r2\n", "3: Map keys must be unique"],
  ["a second document", "state:\n  backend: r2\n---\na: 1\n", "3: Source contains multiple documents"],
  ["a flow that does not end", "a: 1\nstate: {backend: r2\n", "3: Flow map in block collection"],
])("%s: not even a switch that changes nothing", (_, text, where) => {
  expect(() => switched(text)).toThrow(`cluster.yaml:${where}`);
});
