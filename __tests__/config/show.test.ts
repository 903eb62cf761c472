import { join } from "node:path";
import fc from "fast-check";
import { parse as parseYaml } from "yaml";
import { loadWithSource, parseWithSource } from "../../config/load-with-source";
import { completeClusterOf } from "../../config/show";
import { showAsYaml } from "../../config/show-yaml";
import { ACCOUNT } from "../support/cloudflare-account";
import { runProgram } from "../support/running-program";
import { cluster, nodesText, settingsText } from "./support/arbitrary-cluster";
import { VALID } from "./support/cluster";

const EXAMPLE = join(__dirname, "../../examples/six-nodes");
const POOL = `node_pools:
  - name: w
    count: 3
    hosts: [pve1, pve2]
    first_address: 10.0.0.101
    skip: [2]
    talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
    data_disks: [{ slot: 1, size: 10 }]
`;
const read = (text: string, env = {}) =>
  parseWithSource({ cluster: { file: "cluster.yaml", bytes: Buffer.from(text) }, env });

/** Without what is for new VMs only, and without pools: what is shown names everything, and each node by itself. */
const settings = (config: unknown): unknown =>
  JSON.parse(
    JSON.stringify(config, (key, value) => (key === "onlyForNew" || key === "nodePools" ? undefined : value)),
  );

test("what is shown is a file of the same cluster, and all that can be said about it", () => {
  fc.assert(
    fc.property(cluster, fc.boolean(), (drawn, hasPool) => {
      const text = settingsText(drawn) + nodesText(drawn);
      const taken = (last: number) => new RegExp(`${drawn.network}\\.${last}\\b`).test(text);
      const free = [...Array(250).keys()].find((n) => n > 1 && ![n, n + 1, n + 2].some(taken));
      const before = read(hasPool ? text + POOL.replace("10.0.0.101", `${drawn.network}.${free}`) : text);
      const shown = showAsYaml(before);
      const after = read(shown);
      expect(settings(after.config)).toEqual(settings(before.config));
      expect(parseYaml(shown)).toEqual(completeClusterOf(before));
      // Showing it again adds nothing: there were no defaults left.
      expect(completeClusterOf(after)).toEqual(completeClusterOf(before));
    }),
    { numRuns: 30 },
  );
});

test("the example too, with a bootstrap", () => {
  const env = { CLOUDFLARE_ACCOUNT_ID: ACCOUNT };
  const before = loadWithSource({
    clusterFile: join(EXAMPLE, "cluster.yaml"),
    nodesFile: join(EXAMPLE, "nodes.yaml"),
    env,
  });
  expect(settings(read(showAsYaml(before)).config)).toEqual(settings(before.config));
  expect(completeClusterOf(before)).toMatchObject({
    bootstrap: { backup_bucket: "tfstate-backup", worker: { name: "tfstate" } },
  });
});

test("each value has the line that it comes from, or how it was made", () => {
  const text = `${VALID}proxmox_vm_defaults: { cores: 6 }\nproxmox_vm_advanced: { disk_ssd: false }\n${POOL}`;
  const lines = showAsYaml(read(text, { STATE_BACKEND: "local" })).split("\n");
  const from = lines.indexOf("  - name: w-3 # cluster.yaml:33");
  expect(lines).toContain("  backend: local # STATE_BACKEND");
  expect(lines).toContain("node_default_gateway: 10.0.0.1 # first of node_cidr");
  expect(lines).toContain("cluster_name: talos # default");
  expect(lines.slice(from)).toEqual(
    expect.arrayContaining([
      "    address: 10.0.0.103 # cluster.yaml:36",
      "    controller: false # default",
      "    vm_id: 1000103 # made of the address",
      "    vm_cores: 6 # cluster.yaml:30",
      "    vm_memory: 16384 # default",
      "    proxmox_node: pve1 # cluster.yaml:35",
      "      - slot: 1 # cluster.yaml:39",
      "        storage: local-lvm # default",
      "        ssd: false # cluster.yaml:31",
    ]),
  );
});

describe("npm run config -- show", () => {
  const run = (args: readonly string[], CLUSTER_CONFIG = EXAMPLE) =>
    runProgram("cli/config.ts", ["show", ...args], { env: { ...process.env, CLUSTER_CONFIG } });

  test("prints YAML, or JSON", async () => {
    const yaml = await run([]);
    expect(yaml.code).toBe(0);
    const json = await run(["--json"]);
    expect(JSON.parse(json.said)).toEqual(parseYaml(yaml.said));
    expect(JSON.parse(json.said)).toMatchObject({ nodes: { length: 6 } });
  });

  test("tells of mistakes without a stack trace", async () => {
    expect(await run([], "nowhere")).toEqual({
      code: 1,
      said: "environment: CLUSTER_CONFIG nowhere does not exist; name a file that does, or unset the variable\n",
    });
  });
});
