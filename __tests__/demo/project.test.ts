import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFromEnv } from "../../config";
import { DemoProject } from "../../demo/project";
import { SMALL_NODES, writeSmallProject } from "./support/small-project";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "demo-project-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = { STATE_BACKEND: "local" };
const open = (clusterConfig: string) =>
  new DemoProject(join(folder, "copy"), loadFromEnv({ env: { ...env, CLUSTER_CONFIG: clusterConfig } }), env);

test("a worker is written as the last one is, with what is its own, and the user's files stay as they are", () => {
  const user = join(folder, "user");
  cpSync("examples/six-nodes", user, { recursive: true });
  const before = readFileSync(join(user, "nodes.yaml"), "utf8");
  const project = open(user);
  const worker = project.worker();
  expect(worker).toMatchObject({ name: "worker-4", address: "10.20.1.24", controller: false, vm_id: 7014 });
  expect(worker).not.toHaveProperty("mac_addr");
  expect(project.config.nodes).toHaveLength(6);
  project.life = { ...project.life, worker };
  expect(project.config.nodes.at(-1)).toMatchObject({ name: "worker-4", role: "worker", secureBoot: true });
  expect(project.fileOfNodes).toBe(project.nodesFile);
  expect(readFileSync(project.nodesFile, "utf8")).toMatch(/\n {2}- (\{ )?name: worker-4\b/);
  expect(readFileSync(join(user, "nodes.yaml"), "utf8")).toBe(before);
});

test("files with patches are found from the copy, and an address that is taken is passed over", () => {
  const project = open(writeSmallProject(join(folder, "user"), SMALL_NODES));
  expect(project.worker()).toEqual({
    ...{ name: "w-2", address: "10.0.0.13/24", controller: false, disk: "/dev/sda" },
  });
  expect(project.fileOfNodes).toBe(project.clusterFile);
  expect(readFileSync(project.clusterFile, "utf8")).toContain(join(folder, "user/patches/all.yaml"));
});

test("a cluster of pools gets its worker beside them", () => {
  const project = open(
    writeSmallProject(
      join(folder, "user"),
      `node_pools:
  - { name: cp, controller: true, count: 1, first_address: 10.0.0.20 }
  - { name: gpu, controller: false, count: 2, first_address: 10.0.0.30, vm_cores: 8 }
`,
    ),
  );
  const worker = project.worker();
  expect(worker).toMatchObject({ name: "gpu-3", address: "10.0.0.32", vm_cores: 8 });
  project.life = { ...project.life, worker };
  expect(project.config.nodes.map(({ name }) => name)).toContain("gpu-3");
});

test("what the nodes run stands in the copy in the next run, with the worker that is still there", () => {
  const user = writeSmallProject(join(folder, "user"), SMALL_NODES);
  const first = open(user);
  const worker = first.worker();
  first.life = { talosVersion: "v1.13.0", worker, upgradeTo: "v1.13.1" };
  const second = open(user);
  expect(second.life).toEqual({ talosVersion: "v1.13.0", worker, upgradeTo: "v1.13.1" });
  expect(second.config.talosVersion).toBe("v1.13.0");
  second.life = { ...second.life };
  expect(second.config.talosVersion).toBe("v1.13.1");
  expect(second.config.nodes.map(({ name }) => name)).toEqual(["cp-1", "w-1", "w-2"]);
  second.life = { talosVersion: "v1.13.1" };
  const third = open(user);
  expect(third.config.talosVersion).toBe("v1.13.1");
  expect(third.config.nodes.map(({ name }) => name)).toEqual(["cp-1", "w-1"]);
});
