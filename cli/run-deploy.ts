import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { withoutEndpointOf } from "../config/node-variables";
import { lossProblem } from "../domain/etcd";
import { vmAddress } from "../domain/virtual-machine";
import { passSignals } from "../process/pass-signals";
import { isControlPlane, type TalosNode } from "../talos/node";
import { clusterArguments } from "./name-cluster";

export interface DeployProps {
  /** The node whose VM may go, and no other. */
  readonly node: TalosNode;
  /** All nodes that there are until then. */
  readonly nodes: readonly TalosNode[];
  /** That it gets a new VM. @default false */
  readonly replaces?: boolean;
  readonly env: NodeJS.ProcessEnv;
}

type Node = Pick<DeployProps, "node" | "nodes">;

/** What may be lost, for `--allow`: this VM, and nothing else. */
function losses({ node, nodes }: Node): string {
  const controlPlanes = nodes.filter(isControlPlane).length;
  // The node has left etcd, which the guard does not know.
  const isOfTwo = isControlPlane(node) && lossProblem(controlPlanes) !== undefined;
  return isOfTwo ? `${node.name},quorum` : node.name;
}

/** What `npm run deploy` gets, so that its guard refuses a plan which loses anything but this VM. */
export const deployArguments = (node: Node): readonly string[] => [
  "deploy",
  "--allow",
  losses(node),
  "--auto-approve",
];

/** The environment of a deploy; for a new VM, it lifts the guard of this VM and says that it may be recreated. */
export function deployEnvironment({ node, replaces, env }: DeployProps): NodeJS.ProcessEnv {
  if (!replaces) {
    const { TALOS_API_ENDPOINTS: endpoints } = env;
    return endpoints ? { ...env, TALOS_API_ENDPOINTS: withoutEndpointOf(endpoints, node.name) } : env;
  }
  const plan = `${env.TF_CLI_ARGS_plan ?? ""} -replace=${vmAddress(node.name)}`.trim();
  return { ...env, ALLOW_REPLACE: node.name, TF_CLI_ARGS_plan: plan };
}

/** Makes the plan that the deploy would make, and judges it, with its output on stderr. @returns the exit code */
export function planDeploy(props: DeployProps): Promise<number> {
  return runCommand(["plan", "--allow", losses(props), "--summary"], props);
}

/** Deploys, with its output on stderr. @returns the exit code */
export function runDeploy(props: DeployProps): Promise<number> {
  return runCommand(deployArguments(props), props);
}

function runCommand(command: readonly string[], props: DeployProps): Promise<number> {
  // This repository has sources, the package what they were compiled to.
  const isSource = __filename.endsWith(".ts");
  const program = isSource
    ? ["--require", join(__dirname, "../fast-ts.cjs"), join(__dirname, "cdktf.ts")]
    : [join(__dirname, "cdktf.js")];
  const args = [...program, ...command, ...clusterArguments()];
  const child = spawn(process.execPath, args, {
    env: deployEnvironment(props),
    stdio: ["inherit", process.stderr, "inherit"],
  });
  const passing = passSignals(child);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => passing.stop());
}
