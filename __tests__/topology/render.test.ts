import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom";
import fc from "fast-check";
import { renderTopology } from "../../topology";
import { requirePlain } from "../support/plain-output";
import { TYPESCRIPT } from "../support/running-program";
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

test("the key of an encrypted disk is named, where the program configures Talos", () => {
  const marksOf = (diskEncryption: "tpm" | "node-id") =>
    textsOf(renderTopology(clusterOf([{ encryptDisk: true, diskEncryption }])), "text");
  expect(marksOf("tpm")).toContain("encrypted by TPM");
  expect(marksOf("node-id")).toContain("encrypted by node ID");
  expect(marksOf("node-id")).not.toContain("encrypted");
});

test("a node pool is named above, with its number of nodes, and on the card of each of them", () => {
  const nodes = ["cp-1", "w-1", "w-2"].map((name) => ({ name }));
  const svg = renderTopology(clusterOf(nodes, { nodePools: [{ name: "w", nodes: ["w-1", "w-2"] }] }));
  const texts = textsOf(svg, "text");
  expect(texts).toEqual(expect.arrayContaining(["Node pools", "w: 2 nodes"]));
  expect(texts.filter((text) => text === "node pool w")).toHaveLength(2);
  const tooltips = textsOf(svg, "title").filter((title) => title.includes("node pool w"));
  expect(tooltips.map((title) => title.split(":")[0])).toEqual(["w-1", "w-2"]);
  expect(textsOf(svg, "desc")[0]).toContain("Node pools: w (w-1, w-2).");
  expect(renderTopology(example)).not.toMatch(/node pool/i);
});

test("the versions are those of the files; without talos, that of Talos only", () => {
  const { talos } = example;
  if (talos === undefined) throw new Error("the example has no talos");
  const svg = renderTopology({ ...example, talos: { ...talos, configContract: "v1.11" } });
  expect(textsOf(svg, "desc")[0]).toMatch(/It runs Talos.v1\.13\.0, Kubernetes.v1\.36\.0\./);
  const texts = textsOf(svg, "text");
  expect(texts[texts.indexOf("Config contract") + 1]).toBe("v1.11");
  const plain = renderTopology({ ...example, talos: undefined });
  expect(plain).toContain("Talos\u00a0v1.13.0 on");
  expect(plain).not.toMatch(/Kubernetes.v|Config contract/);
});

describe("the endpoint of the Kubernetes API", () => {
  const { vip } = example.network;
  /** The labels and values of the boxes, in their order. */
  const boxes = (talos: object) => {
    if (example.talos === undefined) throw new Error("the example has no talos");
    const texts = textsOf(renderTopology({ ...example, talos: { ...example.talos, ...talos } }), "text");
    const from = texts.findIndex((text) => text.startsWith("Kubernetes API"));
    return texts.slice(from, texts.indexOf("Gateway"));
  };
  const announced = (svg: string) => svg.includes('dashed" d=');

  test("is the virtual address, which moves between nodes", () => {
    expect(boxes({})).toEqual(["Kubernetes API, virtual address", vip]);
    expect(announced(renderTopology(example))).toBe(true);
  });

  test("is a load balancer that has the address", () => {
    expect(boxes({ announceVip: false })).toEqual(["Kubernetes API, load balancer", vip]);
  });

  test("is a load balancer elsewhere, and the nodes have a virtual address besides", () => {
    expect(boxes({ endpoint: "https://10.20.3.9:443" })).toEqual([
      ...["Kubernetes API, load balancer", "https://10.20.3.9:443"],
      ...["Virtual address", vip],
    ]);
  });

  test.each([
    [true, "Virtual address"],
    [false, "Load balancer"],
  ])("is a DNS name, and what it leads to (announced: %s)", (announceVip, label) => {
    expect(boxes({ announceVip, endpoint: "https://k8s.example.com:6443" })).toEqual([
      ...["Kubernetes API, DNS name", "https://k8s.example.com:6443"],
      ...[label, vip],
    ]);
  });

  test("is drawn once where its URL has the virtual address", () => {
    expect(boxes({ endpoint: `https://${vip}:443` })).toEqual([
      ...["Kubernetes API, virtual address", `https://${vip}:443`],
    ]);
  });
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
    const ended = spawnSync(process.execPath, [...TYPESCRIPT, join(ROOT, "cli/topology.ts"), ...args], {
      cwd: folder,
      env: { PATH, HOME, ...env },
      encoding: "utf8",
    });
    requirePlain({ command: args, ...ended, isWhole: true });
    return ended;
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
