import { parseCluster } from "../../config";
import { append, edit, parse, problemsIn, problemsOf, replace, VALID } from "./support/cluster";

const CASES: readonly [title: string, text: string | Uint8Array, ...problems: string[]][] = [
  ["an empty file", "", "cluster.yaml: the file is empty; describe the cluster in it"],
  ["only comments", "# later\n", "cluster.yaml: the file is empty; describe the cluster in it"],
  ["a list", "- 1\n", "cluster.yaml:1: the file is not a map; start it with a key such as node_cidr:"],
  ["a word", "\nhello\n", "cluster.yaml:2: the file is not a map; start it with a key such as node_cidr:"],
  [
    "a list that is cut off",
    "node_cidr: 10.0.0.0/24\nnode_dns_servers: [1.1.1.1,\n",
    "cluster.yaml:3: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]; correct this line or the one before it",
  ],
  [
    "a string that is cut off",
    'node_cidr: "10.0.0',
    'cluster.yaml:1: not valid YAML: missing closing "quote; correct this line or the one before it',
  ],
  [
    "keys that are there twice, at any depth",
    edit(append("proxmox_node: pve2", "state: { key: a, key: b }")),
    "cluster.yaml:30: the key proxmox_node is set twice (also on line 4); keep one",
    "cluster.yaml:31: the key key is set twice (also on line 31); keep one",
  ],
  [
    "a tab as indentation",
    "nodes:\n\t- name: a\n",
    "cluster.yaml:2: the line is indented with a tab; use spaces",
  ],
  [
    "a second document",
    `${VALID}---\nnode_cidr: 10.0.0.0/24\n`,
    "cluster.yaml:30: a second YAML document is here; keep one document in the file",
  ],
  [
    "bytes that are not UTF-8",
    Buffer.concat([Buffer.from("a: 1\nb: "), Buffer.from([0xe9, 0x0a])]),
    "cluster.yaml:2: the line is not UTF-8; save the file as UTF-8",
  ],
  [
    "UTF-16",
    Buffer.from("\ufeffa: 1\n", "utf16le"),
    "cluster.yaml:1: the line is not UTF-8; save the file as UTF-8",
  ],
  ["a NUL", "a: 1\nb: \0\n", "cluster.yaml:2: the line has the control character U+0000; remove it"],
  [
    "an alias without an anchor",
    "a: 1\nb: *c\n",
    "cluster.yaml:2: *c has no anchor before it; define &c further up",
  ],
  [
    "an alias within its anchor",
    "x-a: &a\n  b: *a\n",
    "cluster.yaml:2: an alias is inside its own anchor; write the value out",
  ],
  [
    "a merge of something else than a map",
    "x-a: 1\nstate:\n  <<: 3\n",
    "cluster.yaml:3: << takes a map, an alias of one, or a list of those; correct it",
  ],
  [
    "brackets without end",
    "[".repeat(500_000),
    "cluster.yaml:1: more than 64 brackets are open here; close the ones before",
  ],
  [
    "lists without end",
    "- ".repeat(200_000),
    "cluster.yaml:1: the line is indented by more than 256 columns; nest less deeply",
  ],
  [
    "a file that is too large",
    "#".repeat(524_289),
    "cluster.yaml: the file has 524289 bytes, more than 524288; split the cluster",
  ],
];

test.each(CASES)("%s is refused with its line", (_, text, ...problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

/** Ten anchors of which each is nine times the one before: 9¹⁰ values in ten lines. */
function bomb(first: string, line: (name: string, aliases: string) => string): string {
  const names = [..."abcdefghijk"];
  const lines = names.slice(1).map((name, index) => line(name, Array(9).fill(`*${names[index]}`).join(", ")));
  return [first, ...lines].join("\n");
}

test.each([
  ["values", bomb("x-a: &a [1, 2, 3]", (name, aliases) => `x-${name}: &${name} [${aliases}]`)],
  ["merge keys", bomb("x-a: &a { key: 1 }", (name, aliases) => `x-${name}: &${name} { <<: [${aliases}] }`)],
])("an alias bomb of %s is refused before it is expanded", (_, text) => {
  const [problem] = problemsOf(text);
  expect(problem).toMatch(
    /^cluster\.yaml:\d+: aliases expand to more than 200000 values; write the values out$/,
  );
});

test("thousands of keys that are not ours make one warning", () => {
  const keys = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join("\n");
  expect(parse(`${VALID}${keys}\n`).warnings).toHaveLength(1);
});

test("a byte order mark, document markers and Windows line ends do no harm", () => {
  const text = `\ufeff---\n${VALID}...\n`.replaceAll("\n", "\r\n");
  expect(parse(text).config).toEqual(parse(VALID).config);
});

test("anchors, aliases and merge keys mean what they say, and errors point to where a value is written", () => {
  const anchored = edit(
    replace("nodes:\n", "x-worker: &worker\n  disk: /dev/disk/by-id/a\n  vm_memory: 4096\nnodes:\n"),
    append("    <<: *worker"),
    replace("    disk: /dev/sda\n    vm_id: 111\n", "    vm_id: 111\n"),
  );
  const worker = parse(anchored).config.nodes[3];
  expect(worker).toMatchObject({ installDisk: "/dev/disk/by-id/a", memoryMiB: 4096 });

  expect(problemsOf(anchored.replace("4096", "lots"))).toEqual([
    'cluster.yaml:7: nodes[3].vm_memory "lots" is not a whole number; write one, without quotes',
  ]);
});

test("both files of a pair are parsed before anything is reported", () => {
  const problems = problemsIn(() =>
    parseCluster({
      cluster: { file: "cluster.yaml", bytes: Buffer.from("a: [") },
      nodes: { file: "nodes.yaml", bytes: Buffer.from("\n\tb: 1") },
    }),
  );
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual(["cluster.yaml:1:", "nodes.yaml:2:"]);
});
