import { deployArguments, deployEnvironment } from "../../cli/run-deploy";
import { logicalId } from "../../constructs/logical-id";
import { VM_RESOURCE_TYPE, vmAddress } from "../../domain/virtual-machine";
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

test.each(["cp-1", "1st"])("the address of %s is that of its construct", (name) => {
  expect(vmAddress(name)).toBe(`${VM_RESOURCE_TYPE}.${logicalId(name)}`);
});
