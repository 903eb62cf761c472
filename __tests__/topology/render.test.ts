import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom";
import fc from "fast-check";
import { renderTopology } from "../../topology";
import { anyCluster, clusterOf, example } from "./support/clusters";

const ROOT = join(__dirname, "../..");

/** @throws where the text is not well-formed. */
const parse = (svg: string) =>
  new DOMParser({ onError: onErrorStopParsing }).parseFromString(svg, "image/svg+xml");

const textsOf = (svg: string, element: string) =>
  [...parse(svg).getElementsByTagName(element)].map((each) => each.textContent ?? "");

test("docs/topology.svg is the example's: CLUSTER_CONFIG=examples/six-nodes npm run topology -- --out docs/topology.svg", () => {
  expect(renderTopology(example)).toBe(readFileSync(join(ROOT, "docs/topology.svg"), "utf8"));
});

test("the picture tells what it shows, to people and to screen readers", () => {
  const root = parse(renderTopology(example)).documentElement;
  expect(root?.getAttribute("role")).toBe("img");
  expect(root?.getAttribute("aria-labelledby")).toBe("title description");
  const texts = textsOf(renderTopology(example), "text");
  const { vip, gateway, nodeCidr, podCidrs, serviceCidrs } = example.network;
  for (const text of [
    example.clusterName,
    "pve1",
    "vmbr0, VLAN 7",
    vip,
    gateway,
    nodeCidr,
    ...podCidrs,
    ...serviceCidrs,
  ]) {
    expect(texts).toContain(text);
  }
  for (const { name, address, vmId } of example.nodes) {
    expect(texts).toEqual(expect.arrayContaining([name, address, `VM ${vmId}`]));
  }
  expect(textsOf(renderTopology(example), "desc")[0]).toContain("worker-1 (10.20.1.21)");
});

test("marks stand for what a node has", () => {
  const marked = clusterOf([{ secureBoot: true, tpm: true, encryptDisk: true }]);
  expect(textsOf(renderTopology(marked), "text")).toEqual(
    expect.arrayContaining(["Secure Boot", "TPM", "encrypted"]),
  );
  const plain = clusterOf([{ secureBoot: false, tpm: false, encryptDisk: false }]);
  for (const mark of ["Secure Boot", "TPM", "encrypted"]) {
    expect(textsOf(renderTopology(plain), "text")).not.toContain(mark);
  }
});

test("any text in the document is the same when it is parsed", () => {
  const wide = fc
    .string({ unit: "binary", minLength: 1, maxLength: 8 })
    .filter((text) => !/[\s\-.,:/]/.test(text));
  fc.assert(
    fc.property(
      fc.oneof(wide, fc.constantFrom('<script>"', "a&amp;b", "]]>", "'>", "\u0000\ud800")),
      (name) => {
        const texts = textsOf(renderTopology(clusterOf([{ name, host: "pve" }])), "text");
        const legal = name.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
        expect(texts.join("")).toContain(legal);
      },
    ),
  );
});

test("the same configuration gives the same picture, without a number that is none", () => {
  fc.assert(
    fc.property(anyCluster, (config) => {
      const svg = renderTopology(config);
      expect(renderTopology(structuredClone(config))).toBe(svg);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }),
    { numRuns: 15 },
  );
});

describe("npm run topology", () => {
  const folder = mkdtempSync(join(tmpdir(), "topology-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const CLUSTER_CONFIG = join(ROOT, "examples/six-nodes");
  function run(args: readonly string[], env: Record<string, string> = { CLUSTER_CONFIG }) {
    const { PATH = "", HOME = "" } = process.env;
    return spawnSync("ts-node", ["--swc", join(ROOT, "cli/topology.ts"), ...args], {
      cwd: folder,
      env: { PATH, HOME, ...env },
      encoding: "utf8",
    });
  }

  test("draws what CLUSTER_CONFIG names, into topology.svg, and says both", () => {
    const { status, stdout, stderr } = run([]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^topology\.svg: 6 nodes of .*six-nodes\/cluster\.yaml/);
    expect(readFileSync(join(folder, "topology.svg"), "utf8")).toBe(renderTopology(example));
  });

  test("tells mistakes without a stack trace", () => {
    const file = join(folder, "mine.yaml");
    writeFileSync(file, "node_cidr: 10.0.0.0/99\n");
    const { status, stderr } = run([], { CLUSTER_CONFIG: file });
    expect(status).toBe(1);
    expect(stderr).toContain(`${file}:1: node_cidr`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("a file that cannot be written is an error that names it", () => {
    const out = join(folder, "missing", "picture.svg");
    const { status, stderr } = run(["--out", out]);
    expect(status).toBe(1);
    expect(stderr).toContain(`${out} cannot be written`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
