import { loadFromEnv } from "../config";
import { type StackName, stackId, stackNames } from "../config/state-location";
import type { PlanBasis } from "../plan/plan-record";
import { withAbortOnSignal } from "../process/abort-on-signal";
import { loadProject } from "../state/project";
import { snapshot } from "../state/snapshot";
import { openStackStore } from "../state/stack-store";
import { resetCluster } from "../talos/change/reset-cluster";
import { openCluster, withClients } from "../talos/cluster";

/** The stack as `npm run state` knows it, and the name that approves its end: that of the cluster, else the id of the stack. */
export function destroyTarget(
  id: string,
  env: NodeJS.ProcessEnv,
): { readonly stack?: StackName; readonly name: string } {
  const { config, name } = loadFromEnv({ env });
  const stack = stackNames.find((each) => stackId(name, each) === id);
  return { stack, name: stack === "cluster" ? config.clusterName : id };
}

/** The stack itself. @throws if its nodes cannot be reset */
export function requireTalosNodes(stack: StackName | undefined, env: NodeJS.ProcessEnv): StackName {
  if (stack === "cluster" && loadFromEnv({ env }).config.talos !== undefined) return stack;
  throw new Error(
    "--reset wipes Talos nodes that this program has configured, and cluster.yaml has no key talos; leave it out",
  );
}

/** Which state a stack has now, by its backend; null if there is none. */
export async function stateIdOf(stack: StackName, env: NodeJS.ProcessEnv): Promise<PlanBasis["state"]> {
  const store = openStackStore(loadProject(env, process.cwd()), stack);
  const bytes = await store.read();
  if (bytes === undefined) return null;
  const { serial, lineage } = snapshot(bytes, store.address);
  return { serial, lineage };
}

/** Wipes the nodes of the cluster; control planes leave etcd first where others stay. */
export async function resetNodes(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<void> {
  await withAbortOnSignal(async (signal) => {
    const cluster = await openCluster({ env, folder: process.cwd(), signal, report: say });
    await withClients(cluster, ({ talosctl, nodes }) => resetCluster(talosctl, nodes, say));
  });
}

/** Keeps the state as it was before the destroy. @returns where it is, for people */
export async function keepState(stack: StackName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const project = loadProject(env, process.cwd());
  const store = openStackStore(project, stack);
  const bytes = await store.read();
  if (bytes === undefined) return undefined;
  await store.keepVersion();
  const { serial } = snapshot(bytes, store.address);
  const version = (await store.versions()).find((each) => each.serial === serial);
  const which = project.cluster ? ` --cluster ${project.cluster}` : "";
  return `the state of before is kept: version ${version?.id ?? `of serial ${serial}`} in ${store.address} (npm run state -- versions --stack ${stack}${which})`;
}
