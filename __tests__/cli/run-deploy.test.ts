import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nameInAdvice } from "../../cli/name-cluster";
import { deployArguments, deployEnvironment, planDeploy, runDeploy } from "../../cli/run-deploy";
import { logicalId } from "../../constructs/logical-id";
import { VM_RESOURCE_TYPE, vmAddress } from "../../domain/virtual-machine";
import { waitUntil } from "../support/wait-until";
import { talosNode, talosNodesOf } from "../talos/support/model-cluster";

const nodes = talosNodesOf(3, 1);
const named = (name: string) => nodes.find((node) => node.name === name) ?? talosNode(name, "worker");

test("only the VM of the node may go", () => {
  expect(deployArguments({ node: named("cp-2"), nodes })).toEqual([
    "deploy",
    "--allow",
    "cp-2",
    "--auto-approve",
  ]);
  const two = talosNodesOf(2, 1);
  expect(deployArguments({ node: named("cp-2"), nodes: two })).toContain("cp-2,quorum");
  expect(deployArguments({ node: named("w-1"), nodes: two })).toContain("w-1");
});

test("a new VM is asked for by its address, beside what the user has set", () => {
  const env = { TF_CLI_ARGS_plan: "-parallelism=2" };
  expect(deployEnvironment({ node: named("cp-2"), nodes, env })).toBe(env);
  expect(deployEnvironment({ node: named("cp-2"), nodes, env, replaces: true })).toEqual({
    ALLOW_REPLACE: "cp-2",
    TF_CLI_ARGS_plan: `-parallelism=2 -replace=${VM_RESOURCE_TYPE}.cp-2`,
  });
});

test("a node that is removed has no endpoint any more, which a synth would refuse", () => {
  const removed = (TALOS_API_ENDPOINTS: string) =>
    deployEnvironment({ node: named("w-1"), nodes, env: { TALOS_API_ENDPOINTS } }).TALOS_API_ENDPOINTS;
  expect(removed("cp-1=127.0.0.1:1, w-1=127.0.0.1:2,w-10=127.0.0.1:3")).toBe(
    "cp-1=127.0.0.1:1,w-10=127.0.0.1:3",
  );
  expect(removed("w-1=127.0.0.1:2")).toBe("");
  const env = { TALOS_API_ENDPOINTS: "w-1=127.0.0.1:2" };
  expect(deployEnvironment({ node: named("w-1"), nodes, env, replaces: true })).toMatchObject(env);
});

test.each(["cp-1", "1st"])("the address of %s is that of its construct", (name) => {
  expect(vmAddress(name)).toBe(`${VM_RESOURCE_TYPE}.${logicalId(name)}`);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("a deploy gets %s, and is waited for", async (signal) => {
  const folder = mkdtempSync(join(tmpdir(), "run-deploy-"));
  const script = `trap 'exit 7' ${signal.slice(3)}; : > ${folder}/ready; i=0; while [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done`;
  const node = join(folder, "node");
  writeFileSync(node, `#!/bin/sh\n${script}\n`);
  chmodSync(node, 0o755);
  // As in CI: a terminal sends SIGINT to both.
  const { isTTY } = process.stdin;
  const { execPath } = process;
  process.stdin.isTTY = false;
  process.execPath = node;
  try {
    const ended = runDeploy({ node: named("w-1"), nodes, env: process.env });
    await waitUntil(() => existsSync(join(folder, "ready")));
    process.emit(signal, signal);
    expect(await ended).toBe(7);
  } finally {
    process.execPath = execPath;
    process.stdin.isTTY = isTTY;
    rmSync(folder, { recursive: true });
  }
});

test("it is told which cluster the user has chosen, so that it names that one too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "run-deploy-"));
  const node = join(folder, "node");
  writeFileSync(node, `#!/bin/sh\necho "$@" >${folder}/arguments\n`, { mode: 0o755 });
  nameInAdvice("staging");
  const { execPath } = process;
  process.execPath = node;
  try {
    expect(await runDeploy({ node: named("w-1"), nodes, env: process.env })).toBe(0);
    expect(readFileSync(join(folder, "arguments"), "utf8")).toMatch(
      / deploy --allow w-1 --auto-approve --cluster staging\n$/,
    );
    expect(await planDeploy({ node: named("w-1"), nodes, env: process.env })).toBe(0);
    expect(readFileSync(join(folder, "arguments"), "utf8")).toMatch(
      / plan --allow w-1 --summary --cluster staging\n$/,
    );
  } finally {
    process.execPath = execPath;
    rmSync(folder, { recursive: true });
  }
});
