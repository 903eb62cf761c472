import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findClusterFiles, loadClusters } from "../../config";
import { findClusters } from "../../config/find-files";
import { ACCOUNT } from "../support/cloudflare-account";
import { problemsIn, WITH_AGENT } from "./support/cluster";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "clusters-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pathOf = (name: string, file = "cluster.yaml") => join(folder, "clusters", name, file);
function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** One node in a network of its own: line 5 is its address, line 6 its id. */
const cluster = (net: number, ...more: readonly string[]) => `node_cidr: 10.0.${net}.0/24
cluster_api_addr: 10.0.${net}.5
nodes:
  - name: cp-1
    address: 10.0.${net}.11
    vm_id: ${net}01
    controller: true
    disk: /dev/sda
    schematic_id: ${WITH_AGENT}
proxmox_api_url: https://pve.example.com:8006
proxmox_node: pve1
${more.map((line) => `${line}\n`).join("")}`;

/** Writes two clusters, and loads them. */
function load(a: string, b: string, env: Parameters<typeof loadClusters>[0]["env"] = {}) {
  write(pathOf("a"), a);
  write(pathOf("b"), b);
  return loadClusters({ env: { CLUSTER_CONFIG: folder, ...env } });
}
/** What is wrong with them, with short names of the files. */
const problemsOf = (...files: Parameters<typeof load>) =>
  problemsIn(() => load(...files)).map((line) => line.replaceAll(`${folder}/clusters/`, ""));

describe("where clusters are", () => {
  test("each folder in clusters/ with a cluster.yaml is one; other folders and files are left alone", () => {
    const clusterFile = write(pathOf("b"), "");
    const nodesFile = write(pathOf("b", "nodes.yaml"), "");
    write(pathOf("a"), "");
    write(pathOf("flux-system", "kustomization.yaml"), "");
    write(join(folder, "clusters/README.md"), "");
    const { chosen, all } = findClusters({ folder });
    expect(all).toEqual([
      { name: "a", clusterFile: pathOf("a"), nodesFile: undefined, isExample: false },
      { name: "b", clusterFile, nodesFile, isExample: false },
    ]);
    expect(chosen).toEqual(all);
  });

  test("the one that is named is chosen, and is the same by whatever path", () => {
    write(pathOf("a"), "");
    write(pathOf("b"), "");
    const names = (clusterConfig: string) => findClusters({ clusterConfig }).chosen.map(({ name }) => name);
    expect(names(folder)).toEqual(["a", "b"]);
    expect(names(pathOf("b"))).toEqual(["b"]);
    expect(names(dirname(pathOf("b")))).toEqual(["b"]);
    // The folder of the cluster as working folder.
    expect(findClusters({ folder: dirname(pathOf("a")) }).chosen.map(({ name }) => name)).toEqual(["a"]);
  });

  test("a command for one cluster does not guess which", () => {
    write(pathOf("a"), "");
    expect(findClusterFiles({ folder }).name).toBe("a");
    write(pathOf("b"), "");
    expect(problemsIn(() => findClusterFiles({ folder }))).toEqual([
      `${folder}/clusters: there are several clusters: a, b; choose one with --cluster NAME, or CLUSTER_CONFIG=${folder}/clusters/NAME`,
    ]);
  });

  test("a cluster.yaml at the top is one of both kinds", () => {
    const top = write(join(folder, "cluster.yaml"), "");
    expect(findClusters({ folder }).all).toMatchObject([{ clusterFile: top }]);
    write(pathOf("flux-system", "nodes.txt"), "");
    expect(findClusters({ folder }).all).toMatchObject([{ clusterFile: top, name: undefined }]);
    write(pathOf("a"), "");
    expect(problemsIn(() => findClusters({ folder }))).toEqual([
      `${top}: there is also ${pathOf("a")}; move this file to a folder beside it, or name it in CLUSTER_CONFIG if the other is none of ours`,
    ]);
    expect(findClusters({ folder, clusterConfig: top }).chosen).toMatchObject([{ clusterFile: top }]);
  });

  test.each([
    ["Lab", "cluster.yaml", /Lab is not a cluster name; .*; rename its folder$/],
    ["bootstrap", "cluster.yaml", /bootstrap is the name of a stack of the program itself; rename/],
    ["a-proxmox-access", "cluster.yaml", /is the name of a stack of the program itself/],
    ["lab", "cluster.yml", /there is no cluster.yaml beside this file; rename this file/],
  ])("clusters/%s/%s is refused", (name, file, problem) => {
    const path = write(pathOf(name, file), "");
    const [found] = problemsIn(() => findClusters({ folder }));
    expect(found).toMatch(problem);
    expect(found?.startsWith(`${path}: `)).toBe(true);
  });
});

test("each has a name and states of its own, unless its file says otherwise", () => {
  const { chosen } = load(
    cluster(1),
    cluster(2, "cluster_name: two", "state: { bucket: tfstate, key: mine, path: mine.tfstate }"),
  );
  const said = chosen.map(({ config: { clusterName, state } }) => [clusterName, state.key, state.path]);
  expect(said).toEqual([
    ["a", "proxmox/a.tfstate", "terraform.a.tfstate"],
    ["two", "mine", "mine.tfstate"],
  ]);
});

describe("what only one cluster can have", () => {
  test("clusters beside each other are fine, also with the same ids and addresses elsewhere", () => {
    expect(problemsOf(cluster(1), cluster(2))).toEqual([]);
    const elsewhere = cluster(1).replace("pve.example.com", "other.example.com");
    expect(problemsOf(cluster(1), elsewhere)).toEqual([]);
    // The same address in another VLAN of one Proxmox.
    expect(
      problemsOf(cluster(1), cluster(1, "node_vlan_tag: 8").replace("vm_id: 101", "vm_id: 102")),
    ).toEqual([]);
  });

  test.each<[what: string, a: string, b: string, problem: string]>([
    [
      "an id",
      cluster(1),
      cluster(2).replace("vm_id: 201", "vm_id: 101"),
      'b/cluster.yaml:6: nodes[0].vm_id 101 is already used by "cp-1" of a (a/cluster.yaml:6); give each VM its own id',
    ],
    [
      "an id that is made of an address",
      cluster(1, "node_vlan_tag: 7").replace("    vm_id: 101\n", ""),
      cluster(1, "node_vlan_tag: 8").replace("    vm_id: 101\n", ""),
      'b/cluster.yaml:4: nodes[0].vm_id is missing, and 1001011, made of the address, is already used by "cp-1" of a (a/cluster.yaml:4); give each VM its own id',
    ],
    [
      "an address, of the API too",
      cluster(1).replace("10.0.1.5", "10.0.1.6"),
      cluster(2).replace("10.0.2.0/24", "10.0.0.0/16").replace("10.0.2.5", "10.0.1.11"),
      'b/cluster.yaml:2: cluster_api_addr 10.0.1.11 is already used by "cp-1" of a (a/cluster.yaml:5); choose a free address',
    ],
    [
      "a MAC address, in whatever case",
      cluster(1).replace("vm_id", "mac_addr: bc:24:11:00:00:0a\n    vm_id"),
      cluster(2).replace("vm_id", "mac_addr: BC:24:11:00:00:0A\n    vm_id"),
      'b/cluster.yaml:6: nodes[0].mac_addr BC:24:11:00:00:0A is already used by "cp-1" of a (a/cluster.yaml:6); give each NIC its own address',
    ],
    [
      "a name",
      cluster(1, "cluster_name: lab"),
      cluster(2, "cluster_name: lab"),
      "b/cluster.yaml:12: cluster_name lab is already used by the name of a (a/cluster.yaml:12); give each cluster its own name, as HA rules are called by it",
    ],
    [
      "a key in R2",
      cluster(1, "state: { key: lab/x.tfstate }"),
      cluster(2, "state: { key: lab/x.tfstate }"),
      "b/cluster.yaml:12: state.key lab/x.tfstate is already used by the stack a of a (a/cluster.yaml:12); give each cluster a state of its own",
    ],
    [
      "the key of a stack that is not written anywhere",
      cluster(1, "state: { key: x.tfstate }"),
      cluster(2, "state: { key: x-proxmox-access.tfstate }"),
      "b/cluster.yaml:12: state.key x-proxmox-access.tfstate is already used by the stack a-proxmox-access of a (a/cluster.yaml:12); give each cluster a state of its own",
    ],
    [
      "an address at the Worker",
      cluster(1, "state: { backend: worker, url: https://tfstate.example.com/states/x }"),
      cluster(2, "state: { backend: worker, url: https://TFSTATE.example.com/states/x }"),
      "b/cluster.yaml:12: state.url https://TFSTATE.example.com/states/x is already used by the stack a of a (a/cluster.yaml:12); give each cluster a state of its own",
    ],
  ])("%s", (_, a, b, problem) => {
    expect(problemsOf(a, b)).toEqual([problem]);
  });

  test("a file, which is said to be used by whom", () => {
    const path = join(folder, "one.tfstate");
    const state = `state: { backend: local, path: ${path} }`;
    expect(problemsOf(cluster(1, state), cluster(2, state))).toEqual([
      `b/cluster.yaml:12: state.path ${path} is already used by the stack a of a (a/cluster.yaml:12); give each cluster a state of its own`,
    ]);
  });

  test("an instance of a pool, once for the pool", () => {
    const pool = (net: number, id: number) =>
      cluster(
        net,
        `node_pools: [{ name: w, count: 3, first_address: 10.0.${net}.21, first_vm_id: ${id}, schematic_id: ${WITH_AGENT} }]`,
      );
    expect(problemsOf(pool(1, 500), pool(2, 501))).toEqual([
      'b/cluster.yaml:12: node_pools[0].first_vm_id (w-1) 501 is already used by "w-2" of a (a/cluster.yaml:12); give each VM its own id; the same for 1 more, up to w-2',
    ]);
  });

  test("whatever the files say, PROXMOX_VE_ENDPOINT is the Proxmox of all", () => {
    const elsewhere = cluster(2)
      .replace("pve.example.com", "other.example.com")
      .replace("vm_id: 201", "vm_id: 101");
    expect(problemsOf(cluster(1), elsewhere)).toEqual([]);
    expect(problemsOf(cluster(1), elsewhere, { PROXMOX_VE_ENDPOINT: "https://127.0.0.1:1" })).toHaveLength(1);
  });

  test("it is found where only one of them is chosen, and so is any mistake in the other", () => {
    const chosen = { CLUSTER_CONFIG: pathOf("a") };
    expect(load(cluster(1), cluster(2), chosen).chosen.map(({ name }) => name)).toEqual(["a"]);
    expect(problemsOf(cluster(1), cluster(2).replace("201", "101"), chosen)).toHaveLength(1);
    expect(problemsOf(cluster(1).replace("/sda", "/sdb"), cluster(2, "state: { key: / }"), chosen)).toEqual([
      expect.stringContaining("a/cluster.yaml:8: nodes[0].disk"),
      expect.stringContaining("b/cluster.yaml:12: state.key"),
    ]);
  });

  test("what the environment says of the state is about the chosen one", () => {
    const url = "https://tfstate.example.com/states/x";
    const env = { STATE_BACKEND: "worker", STATE_URL: url };
    const { all } = load(cluster(1), cluster(2), { ...env, CLUSTER_CONFIG: pathOf("a") });
    expect(all.map(({ config }) => config.state.backend)).toEqual(["worker", "r2"]);
    expect(problemsOf(cluster(1), cluster(2), env)).toEqual([
      expect.stringContaining(`b/cluster.yaml:1: state.url ${url} is already used by the stack a of a`),
    ]);
  });
});

describe("the bootstrap that they share", () => {
  const env = { CLOUDFLARE_ACCOUNT_ID: ACCOUNT };
  const worker = (name: string) => `bootstrap: { worker: { name: ${name} } }`;
  const ownerOf = (a: string, b: string) => load(a, b, env).bootstrapOwner.name;

  test("is the cluster's whose file describes it, else that of the first", () => {
    expect(ownerOf(cluster(1), cluster(2, worker("w")))).toBe("b");
    expect(ownerOf(cluster(1), cluster(2))).toBe("a");
    expect(ownerOf(cluster(1, worker("w")), cluster(2, worker("w")))).toBe("a");
    // Without an account there is none, and nothing to agree on.
    expect(problemsOf(cluster(1, worker("v")), cluster(2, worker("w")))).toEqual([]);
  });

  test("is one: files that say something else are refused", () => {
    expect(problemsOf(cluster(1, worker("v")), cluster(2, worker("w")), env)).toEqual([
      "b/cluster.yaml:12: bootstrap is not the same as in a/cluster.yaml:12, and there is one for all clusters; keep it in one of the files",
    ]);
  });

  test("has one bucket, also for a cluster that does not describe it", () => {
    expect(
      problemsOf(
        cluster(1, "state: { bucket: mine }"),
        cluster(2, worker("w"), "state: { bucket: ours }"),
        env,
      ),
    ).toEqual([
      "a/cluster.yaml:12: state.bucket mine is not ours as in b/cluster.yaml:13; all clusters share one bucket, so give it the same value in both",
    ]);
    // Whose state is not in R2 needs no bucket.
    const local = cluster(1, "state: { backend: local }");
    expect(problemsOf(local, cluster(2, worker("w"), "state: { bucket: ours }"), env)).toEqual([]);
  });

  test("has the encryption of its owner, which must be clear", () => {
    const other = cluster(2, "state: { encryption: { provider: pbkdf2, key_id: second } }");
    expect(problemsOf(cluster(1), other, env)).toEqual([
      "b/cluster.yaml:12: state.encryption is not the same as in a/cluster.yaml:1, so it is open which of them the state of the bootstrap has; write bootstrap: in one of the files",
    ]);
    expect(problemsOf(cluster(1, "bootstrap: {}"), other, env)).toEqual([]);
  });
});

describe("the secrets of Talos", () => {
  const TALOS = "talos: { kubernetes_version: v1.36.0 }";
  const OUT_OF_STATE = "talos: { kubernetes_version: v1.36.0, secrets: out-of-state }";
  const file = () => write(pathOf("a", "talos-secrets.sops.yaml"), "sops: {}");

  test("out of the state, their file is there, or the environment has them", () => {
    const files = [cluster(1, OUT_OF_STATE), cluster(2)] as const;
    expect(problemsOf(...files)).toEqual([
      "a/cluster.yaml:12: talos.secrets is out-of-state, and there is no a/talos-secrets.sops.yaml; for a new cluster, make them: " +
        "npm run secrets -- talos. of a cluster that runs, take talos-secrets.sops.yaml from git. of a cluster that has them in its " +
        "state, take them out of it first: set in-state again, then npm run secrets -- talos --from-state",
    ]);
    expect(load(...files, { TF_VAR_talos_secrets: "{}" }).chosen).toHaveLength(2);
    expect(load(...files, { CLUSTER_CONFIG: pathOf("b") }).chosen).toHaveLength(1);
    file();
    expect(load(...files).chosen).toHaveLength(2);
  });

  test("in the state, there is no such file: a plan would make other ones", () => {
    file();
    expect(problemsOf(cluster(1, TALOS), cluster(2))).toEqual([
      "a/cluster.yaml:12: talos keeps the secrets in the state, but there is a/talos-secrets.sops.yaml: a plan would make other ones. " +
        "add secrets: out-of-state; to keep them in the state from now on, run npm run secrets -- talos --to-state after that. " +
        "remove the file only if they are in the state by now, or no cluster was made with it",
    ]);
    expect(load(cluster(1), cluster(2)).chosen).toHaveLength(2);
  });
});
