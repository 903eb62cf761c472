import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningCluster } from "../support/running-cluster";

/* The commands that change a running cluster, with the real talosctl; told in order: each test goes on where the one before ended. */

let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await RunningCluster.start();
});
afterAll(() => cluster?.stop());

const NAMES = ["cp-1", "cp-2", "cp-3", "worker-1"];

function rewrite(change: (text: string) => string): void {
  const file = join(cluster.folder, "cluster.yaml");
  writeFileSync(file, change(readFileSync(file, "utf8")));
}
const upgradeTo = (version: string) =>
  rewrite((text) => text.replace(/talos_version: \S+/, `talos_version: ${version}`));

const bootIds = () => new Map(cluster.talos.control.listNodes().map(({ name, bootId }) => [name, bootId]));
const versions = () => cluster.talos.control.listNodes().map(({ version }) => version);

/** The nodes that have restarted since, in whatever order. */
function restarted(before: ReadonlyMap<string, string>): readonly string[] {
  return [...bootIds()].filter(([name, bootId]) => before.get(name) !== bootId).map(([name]) => name);
}

/** The nodes that were told to restart, in order. */
function told(): readonly string[] {
  const calls = cluster.talos.control
    .listCalls()
    .filter(({ method }) => /\/(Reboot|Upgrade|Reset)$/.test(method));
  cluster.talos.control.clearCalls();
  return calls.map(({ node, method }) => `${method.split("/").pop()} ${node}`);
}

test("upgrade: the dry run shows all nodes and touches none", async () => {
  upgradeTo("v1.13.9");
  const before = bootIds();
  const { code, out } = await cluster.run("cli/upgrade.ts", ["--no-drain", "--dry-run", "--json"]);
  expect(code).toBe(2);
  const { nodes, problems } = JSON.parse(out);
  expect(problems).toEqual([]);
  expect(nodes.map(({ name, from, to }: Record<string, string>) => `${name} ${from} ${to}`)).toEqual(
    NAMES.map((name) => `${name} v1.13.0 v1.13.9`),
  );
  expect(nodes[0].image).toMatch(/nocloud-installer\/[0-9a-f]{64}:v1\.13\.9$/);
  expect(restarted(before)).toEqual([]);
});
