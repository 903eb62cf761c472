import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesVersionEdit } from "../../config/edit-kubernetes-version";
import { nodeRemoval } from "../../config/edit-nodes";
import { ROOT } from "../support/running-program";

let folder: string;
let env: { CLUSTER_CONFIG: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edit-"));
  cpSync(join(ROOT, "examples/six-nodes"), folder, { recursive: true });
  env = { CLUSTER_CONFIG: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (file: string) => join(folder, file);

test("a node goes from its file, and the rest stays to the byte", () => {
  const before = readFileSync(path("nodes.yaml"), "utf8");
  const { file, at, text } = nodeRemoval(env, "worker-2");
  expect({ file, at }).toEqual({ file: path("nodes.yaml"), at: `${path("nodes.yaml")}:7` });
  expect(text).toBe(before.replace(/^.*name: worker-2,.*\n/m, ""));
});

test("a node of a pool is skipped by hand", () => {
  const pool = `node_pools:\n  - { name: pool, controller: false, count: 2, first_address: 10.20.1.60, schematic_id: ${"a".repeat(64)} }\n`;
  writeFileSync(path("cluster.yaml"), `${readFileSync(path("cluster.yaml"), "utf8")}\n${pool}`);
  const { text, advice } = nodeRemoval(env, "pool-2");
  expect(text).toBeUndefined();
  expect(advice).toMatch(/^add 2 to skip of the pool pool at .*cluster\.yaml:\d+$/);
});

test("the version of Kubernetes is changed where it is, or nowhere", () => {
  const before = readFileSync(path("cluster.yaml"), "utf8");
  const [, old = ""] = /kubernetes_version: (\S+)/.exec(before) ?? [];
  const { text, at } = kubernetesVersionEdit(env, "v1.35.9");
  expect(text).toBe(before.replace(old, "v1.35.9"));
  expect(at).toMatch(/cluster\.yaml:\d+$/);
});
