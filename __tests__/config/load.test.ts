import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findClusterFiles, loadCluster, parseCluster } from "../../config";
import { ACCOUNT } from "../support/cloudflare-account";
import { append, edit, parse, problemsIn, problemsOf, VALID } from "./support/cluster";

const EXAMPLE = join(__dirname, "../../examples/six-nodes");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text = VALID): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const [CLUSTER_PART = "", NODES_PART = ""] = VALID.split(/(?=^nodes:)/m);

function parsePair(cluster: string, nodes: string) {
  return parseCluster({
    cluster: { file: "cluster.yaml", bytes: Buffer.from(cluster) },
    nodes: { file: "nodes.yaml", bytes: Buffer.from(nodes) },
  });
}

describe("the two-file form", () => {
  test("gives what one file gives", () => {
    expect(parsePair(CLUSTER_PART, NODES_PART)).toEqual(parse(VALID));
  });

  test("takes a key from either file", () => {
    const moved = parsePair(
      CLUSTER_PART.replace("proxmox_node: pve1\n", ""),
      `${NODES_PART}proxmox_node: pve1\n`,
    );
    expect(moved).toEqual(parse(VALID));
  });

  test("errors name the right file", () => {
    const problems = problemsIn(() =>
      parsePair(CLUSTER_PART.replace("10.0.0.5", "10.9.0.5"), NODES_PART.replace("10.0.0.12", "10.0.0.11")),
    );
    expect(problems).toEqual([
      "cluster.yaml:2: cluster_api_addr 10.9.0.5 is outside node_cidr 10.0.0.0/24; choose an address in it",
      'nodes.yaml:9: nodes[1].address 10.0.0.11 is already used by "cp-1"; give each node its own address',
    ]);
  });

  test("a key in both files is an error", () => {
    const [cluster, nodes] = [
      `${VALID}cluster_svc_cidr: 10.0.0.0/25\n`,
      NODES_PART.replace("vm_id: 101", "vm_id: 102"),
    ];
    expect(problemsIn(() => parsePair(cluster, nodes))).toEqual([
      "cluster.yaml:30: cluster_svc_cidr 10.0.0.0/25 overlaps with node_cidr 10.0.0.0/24; choose one that does not overlap",
      "nodes.yaml:1: nodes is also in cluster.yaml:5; keep it in one of the two files",
    ]);
  });

  test("a list that is missing is missed in the nodes' file", () => {
    expect(problemsIn(() => parsePair(CLUSTER_PART, "x-nothing: 1\n"))).toEqual([
      "nodes.yaml:1: nodes is missing; list the nodes, here or in nodes.yaml",
    ]);
  });
});

describe("files", () => {
  test("the example is a valid six-node cluster without a warning", () => {
    const { config, warnings } = loadCluster(findClusterFiles({ clusterConfig: EXAMPLE }));
    expect(config.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
      "cp-1 controlplane",
      "cp-2 controlplane",
      "cp-3 controlplane",
      "worker-1 worker",
      "worker-2 worker",
      "worker-3 worker",
    ]);
    expect(warnings).toEqual([]);
  });

  test("without a file there is an error that says how to begin", () => {
    expect(problemsIn(() => findClusterFiles({ folder }))).toEqual([
      `${join(folder, "cluster.yaml")}: there is no such file, and CLUSTER_CONFIG is not set; to begin, copy ` +
        "cluster.yaml and nodes.yaml of examples/six-nodes and make them yours, or run npm start, which deploys the " +
        "example on this machine alone",
    ]);
  });

  test("without a file, the example is found where one is given, and said to be one", () => {
    expect(findClusterFiles({ folder, exampleFolder: EXAMPLE })).toEqual({
      clusterFile: join(EXAMPLE, "cluster.yaml"),
      nodesFile: join(EXAMPLE, "nodes.yaml"),
      isExample: true,
    });
  });

  test("cluster.yaml of the folder is found, with the nodes.yaml beside it", () => {
    const clusterFile = write("cluster.yaml");
    const found = { clusterFile, nodesFile: undefined, isExample: false };
    expect(findClusterFiles({ folder, exampleFolder: EXAMPLE })).toEqual(found);
    const nodesFile = write("nodes.yaml", NODES_PART);
    expect(findClusterFiles({ folder, exampleFolder: EXAMPLE })).toEqual({ ...found, nodesFile });
  });

  test("CLUSTER_CONFIG names a file or a folder, and an empty one nothing", () => {
    const own = write("prod.yaml");
    mkdirSync(join(folder, "lab"));
    const lab = write("lab/cluster.yaml");
    const find = (clusterConfig: string) =>
      findClusterFiles({ clusterConfig, folder, exampleFolder: EXAMPLE });
    expect(find(own).clusterFile).toBe(own);
    expect(find(join(folder, "lab")).clusterFile).toBe(lab);
    expect(find("").isExample).toBe(true);
  });

  test("CLUSTER_CONFIG that names nothing is an error", () => {
    const missing = join(folder, "prod.yaml");
    const find = (clusterConfig: string) =>
      findClusterFiles({ clusterConfig, folder, exampleFolder: EXAMPLE });
    expect(problemsIn(() => find(missing))).toEqual([
      `environment: CLUSTER_CONFIG ${missing} does not exist; name a file that does, or unset the variable`,
    ]);
    expect(problemsIn(() => find(folder))).toEqual([
      `environment: CLUSTER_CONFIG ${folder} has no cluster.yaml in it; name a file`,
    ]);
  });

  test.each([
    ["cluster.yml", "rename this file"],
    ["cluster.toml", "write its values to a cluster.yaml, as this program reads YAML"],
    ["nodes.yaml", "add it"],
  ])("a lone %s is an error, not the example", (name, advice) => {
    const file = write(name);
    expect(problemsIn(() => findClusterFiles({ folder, exampleFolder: EXAMPLE }))).toEqual([
      `${file}: there is no cluster.yaml beside this file; ${advice}, or name your file in CLUSTER_CONFIG`,
    ]);
  });

  test("a file that cannot be read is an error with its cause", () => {
    const clusterFile = join(folder, "gone.yaml");
    expect(problemsIn(() => loadCluster({ clusterFile }))).toEqual([
      `${clusterFile}: the file cannot be read: no such file or directory (ENOENT); check its path and permissions`,
    ]);
  });

  test("the example says what the schema's comment adds, and nothing else", () => {
    const [first, ...rest] = readFileSync(join(EXAMPLE, "cluster.yaml"), "utf8").split("\n");
    expect(first).toBe("# yaml-language-server: $schema=../../config/cluster.schema.json");
    expect(rest.some((line) => line.includes("$schema"))).toBe(false);
  });
});

describe("environment", () => {
  test("STATE_BACKEND overrides the file, an empty one does not", () => {
    const text = edit(append("state: { backend: local }"));
    expect(parse(text, { STATE_BACKEND: "r2" }).config.state.backend).toBe("r2");
    expect(parse(text, { STATE_BACKEND: "" }).config.state.backend).toBe("local");
  });

  test("STATE_URL overrides the file, also where it has none", () => {
    const env = { STATE_BACKEND: "worker", STATE_URL: "https://other.example.com/states/proxmox" };
    expect(parse(VALID, env).config.state.url).toBe(env.STATE_URL);
    const text = edit(append("state: { url: https://tfstate.example.com/states/proxmox }"));
    expect(parse(text, env).config.state.url).toBe(env.STATE_URL);
    expect(problemsOf(VALID, { STATE_URL: "other.example.com" })).toEqual([
      "environment: STATE_URL other.example.com is not an https URL; write it like https://tfstate.example.com/states/proxmox",
    ]);
  });

  test("CLOUDFLARE_ACCOUNT_ID fills what the file leaves open", () => {
    const env = { CLOUDFLARE_ACCOUNT_ID: ACCOUNT };
    const other = ACCOUNT.replaceAll("0", "f");
    expect(parse(VALID, env).config.state.accountId).toBe(ACCOUNT);
    expect(parse(edit(append(`state: { account_id: ${other} }`)), env).config.state.accountId).toBe(other);
  });

  test("bad values are reported beside the errors of the file", () => {
    const env = { STATE_BACKEND: "workr", CLOUDFLARE_ACCOUNT_ID: "mine" };
    expect(problemsOf(edit(append("boot_mode: x")), env)).toEqual([
      "environment: STATE_BACKEND workr is not one of r2, worker, local; did you mean worker?",
      "environment: CLOUDFLARE_ACCOUNT_ID mine is not a Cloudflare account id; copy the 32 characters 0-9 and a-f from the dashboard",
      "cluster.yaml:30: boot_mode x is not one of iso, disk-image; use one of them",
    ]);
  });

  test("a backend from the environment needs its part of the file", () => {
    expect(problemsOf(VALID, { STATE_BACKEND: "worker" })).toEqual([
      "cluster.yaml:1: state.url is missing; the backend worker needs it, for example https://tfstate.example.com/states/proxmox",
    ]);
  });
});
