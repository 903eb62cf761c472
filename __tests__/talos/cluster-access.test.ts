import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Project } from "../../state/project";
import { type AccessFiles, clusterAccess } from "../../talos/cluster-access";

/* A state in plain text needs no OpenTofu; an encrypted one is in commands.e2e.test.ts. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cluster-access-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function access(files: AccessFiles = {}) {
  const config = { backend: "local", path: join(folder, "state") } as Project["config"];
  const project: Project = { config, files: ["cluster.yaml"], folder, env: {} };
  const { signal } = new AbortController();
  return clusterAccess(files, {
    project,
    config: { clusterName: "lab" },
    nodes: [],
    signal,
    report: () => undefined,
  });
}

function writeState(outputs: Readonly<Record<string, string>>): void {
  const values = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]));
  const lineage = "00000000-0000-4000-8000-000000000000";
  writeFileSync(join(folder, "state"), JSON.stringify({ version: 4, serial: 1, lineage, outputs: values }));
}

test("what is in the state, with a named file in its place", async () => {
  writeState({ talosconfig: "talos", kubeconfig: "kube" });
  expect(await access()).toEqual({ talosconfig: "talos", kubeconfig: "kube" });
  writeFileSync(join(folder, "mine"), "my kube");
  expect(await access({ kubeconfig: join(folder, "mine") })).toEqual({
    talosconfig: "talos",
    kubeconfig: "my kube",
  });
});

test("a named talosconfig needs no state", async () => {
  writeFileSync(join(folder, "mine"), "my talos");
  expect(await access({ talosconfig: join(folder, "mine") })).toEqual({
    talosconfig: "my talos",
    kubeconfig: undefined,
  });
});

test("no state, a state without Talos, a file that is not there", async () => {
  await expect(access()).rejects.toThrow(
    /^there is no state at local .*; run npm run deploy, or name the files/,
  );
  writeState({});
  await expect(access()).rejects.toThrow(/^the state has no talosconfig: the VMs were made without Talos/);
  await expect(access({ talosconfig: "/nowhere" })).rejects.toThrow(
    /^--talosconfig \/nowhere cannot be read: ENOENT/,
  );
});
