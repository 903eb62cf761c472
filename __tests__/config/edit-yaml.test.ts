import { withoutItem, withValue } from "../../config/edit-yaml";

const TEXT = `# mine
talos:   # the cluster
  kubernetes_version:   v1.35.2   # old
  cni: "none"
nodes:
  # the first
  - { name: a, x: 1 } # of three
  # the second
  - name: b

    x: 2 # its x

  # the third
  - name: c
`;

test("a value is replaced, and nothing else, to the byte", () => {
  expect(withValue(TEXT, ["talos", "kubernetes_version"], "v1.36.0")).toBe(
    TEXT.replace("v1.35.2", "v1.36.0"),
  );
  expect(withValue(TEXT, ["talos", "cni"], "cilium")).toBe(TEXT.replace('"none"', '"cilium"'));
});

test.each(["v: &a v1.35.2\nw: *a\n", "v: [v1.35.2]\n", "w: v1.35.2\n", "v: 1.35\n"])(
  "what is no plain text in its place is left to the user: %j",
  (text) => {
    expect(withValue(text, [text.includes("*a") ? "w" : "v"], "v1.36.0")).toBeUndefined();
  },
);

test("a value that something else refers to is left to the user", () => {
  expect(withValue("v: &a v1.35.2\nw: *a\n", ["v"], "v1.36.0")).toBeUndefined();
});

test("an item of a list goes, and the comments of the others stay", () => {
  expect(withoutItem(TEXT, ["nodes"], 0)).toBe(TEXT.replace("  - { name: a, x: 1 } # of three\n", ""));
  expect(withoutItem(TEXT, ["nodes"], 1)).toBe(TEXT.replace("  - name: b\n\n    x: 2 # its x\n", ""));
  expect(withoutItem(TEXT, ["nodes"], 2)).toBe(TEXT.replace("  - name: c\n", ""));
  expect(withoutItem("nodes:\n- a\n- b", ["nodes"], 1)).toBe("nodes:\n- a\n");
});

test.each([
  ["nodes: [a, b]\n", 0],
  ["nodes:\n  - a\n", 0],
  ["nodes:\n  - &one { name: a }\n  - { <<: *one }\n", 0],
  ["nodes:\n  - a\n  - b\n", 7],
  ["other: 1\n", 0],
])("what cannot be cut out is left to the user: %j, %s", (text, index) => {
  expect(withoutItem(text, ["nodes"], index)).toBeUndefined();
});
