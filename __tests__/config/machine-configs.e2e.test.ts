import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { type ClusterConfig, ConfigError, loadCluster, parseCluster } from "../../config";
import { clusterFacts, machineConfigPatches } from "../../constructs/machine-config";
import { talosClusterProps } from "../../stacks/cluster-talos";
import type { ConfigRequest } from "../../stand-ins/talos-config";
import { complaints } from "../support/checked-config";
import { type Cluster, cluster, nodesText, settingsText } from "./support/arbitrary-cluster";

/** The machine configs that a stack makes of a configuration, in both modes. */
function requestsOf(name: string, config: ClusterConfig): ConfigRequest[] {
  if (config.talos === undefined) throw new Error(`${name} does not configure Talos`);
  const nodes = config.nodes.map((node) => ({
    ...node,
    // What Proxmox would make up.
    networkInterfaces: node.networkInterfaces.map((nic, index) => ({
      ...nic,
      macAddress: nic.macAddress ?? `BC:24:11:00:00:0${index}`,
    })),
  }));
  const props = talosClusterProps({ ...config, nodes, talos: config.talos, vms: new Map() });
  const facts = clusterFacts(props);
  return props.nodes.flatMap((node) => {
    const generate = {
      clusterName: props.clusterName,
      clusterEndpoint: facts.endpoint,
      machineType: node.role,
      talosVersion: facts.contract,
      kubernetesVersion: props.kubernetesVersion.replace(/^v/, ""),
      configPatches: machineConfigPatches(props, node, facts),
    };
    return (["metal", "cloud"] as const).map((mode) => ({
      name: `${name}, ${node.name}, ${mode}`,
      mode,
      generate,
    }));
  });
}

function parseGiven(given: Cluster): ClusterConfig {
  return parseCluster({
    cluster: { file: "cluster.yaml", bytes: Buffer.from(settingsText(given)) },
    nodes: { file: "nodes.yaml", bytes: Buffer.from(nodesText(given)) },
  }).config;
}

const EXAMPLES = join(__dirname, "../../examples");

test("Talos takes the config of every node of every example", async () => {
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" });
  const clusters = files.filter((file) => basename(file) === "cluster.yaml");
  const requests = clusters.flatMap((name) => {
    const clusterFile = join(EXAMPLES, name);
    const nodesFile = join(clusterFile, "../nodes.yaml");
    const { config } = loadCluster({ clusterFile, nodesFile: existsSync(nodesFile) ? nodesFile : undefined });
    return config.talos ? requestsOf(name, config) : [];
  });
  expect(requests.length).toBeGreaterThan(0);
  expect(await complaints(requests, "1.13")).toEqual([]);
});

const FIELD = join(__dirname, "field");

/** A file of somebody with Talos configured too; nothing if the program refuses it. */
function withTalos(clusterFile: string): ClusterConfig | undefined {
  const nodesFile = join(clusterFile, "../nodes.yaml");
  const bytes = Buffer.concat([
    readFileSync(clusterFile),
    Buffer.from("\ntalos: { kubernetes_version: v1.36.0 }\n"),
  ]);
  try {
    return parseCluster({
      cluster: { file: clusterFile, bytes },
      nodes: existsSync(nodesFile) ? { file: nodesFile, bytes: readFileSync(nodesFile) } : undefined,
    }).config;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

test("Talos takes the config of every node that people have in public", async () => {
  const files = readdirSync(FIELD, { recursive: true, encoding: "utf8" });
  const configs = files
    .filter((file) => file.endsWith(".yaml") && !file.endsWith("nodes.yaml"))
    .flatMap((file) => {
      const config = withTalos(join(FIELD, file));
      return config ? [{ file, config }] : [];
    });
  expect(configs.length).toBeGreaterThan(6);
  const requests = configs.flatMap(({ file, config }) => requestsOf(file, config));
  expect(await complaints(requests, "1.13")).toEqual([]);
});

test("Talos takes the config of every node of any cluster", async () => {
  const configured = cluster.filter(({ settings }) => settings.talos !== undefined);
  const requests = fc
    .sample(configured, { numRuns: 150 })
    .flatMap((given, index) => requestsOf(`${index}: ${JSON.stringify(given)}`, parseGiven(given)));
  expect(requests.length).toBeGreaterThan(500);
  // The first few say enough.
  expect((await complaints(requests, "1.13")).slice(0, 3)).toEqual([]);
});
