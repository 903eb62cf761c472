import { etcdProblems, strangerProblem, unknownMembersIn } from "../change/etcd-problems";
import type { EtcdView } from "../change/facts";
import type { LiveCluster } from "../change/live-cluster";
import { type PollOptions, waitUntilFine } from "../change/poll";
import type { ClusterFacts } from "../change/preflight";
import { namesOfControlPlanes } from "../change/preflight";
import type { Cluster } from "../cluster";
import { CallError } from "../errors";
import { isControlPlane, type TalosNode } from "../node";
import { readServices } from "../read/services";

/** Why etcd cannot be restored now; empty if it can. */
export function restoreProblems(
  { nodes, facts, etcd }: ClusterFacts,
  { replacesHealthy }: { readonly replacesHealthy: boolean },
): readonly string[] {
  const silent = nodes.filter(isControlPlane).flatMap(({ name }) => {
    const { error } = facts.get(name) ?? {};
    return error === undefined
      ? []
      : [
          `${name} does not answer: ${error}; start it, give it a new VM by a deploy, or take it out of nodes.yaml`,
        ];
  });
  // It keeps what it has, and would go on with it.
  const strangers = unknownMembersIn(namesOfControlPlanes(nodes), etcd).map(strangerProblem);
  const works = etcd.some(hasQuorum);
  if (!works || replacesHealthy) return [...silent, ...strangers];
  return [
    ...silent,
    ...strangers,
    "etcd has a quorum, and a restore throws away what it has; replace single nodes with npm run replace-node, or pass --replace-healthy to go back to the snapshot",
  ];
}

/** A member that has none follows no leader, whatever else it does not answer. */
const hasQuorum = ({ leader }: EtcdView): boolean => leader !== undefined;

export interface RestoreProps extends PollOptions {
  readonly file: string;
  /** For a copy of a member's database, which has no checksum. */
  readonly skipHashCheck: boolean;
  readonly say: (line: string) => void;
}

/**
 * Recreates etcd from a snapshot: the data of all control planes is wiped at the same time, so that none brings the old members back,
 * one of them starts with the snapshot, and the others join it.
 * @throws Error if a step fails; run again, it starts from the beginning
 */
export async function restoreEtcd(
  { talosctl }: Pick<Cluster, "talosctl">,
  live: LiveCluster,
  { file, skipHashCheck, say, ...poll }: RestoreProps,
): Promise<void> {
  const controlPlanes = live.nodes.filter(isControlPlane);
  const [first] = controlPlanes;
  if (first === undefined) throw new Error("there is no control plane");
  const timeoutMs = (poll.timeoutSeconds + 30) * 1000;
  const wipe = async (node: TalosNode, bootId: string | undefined) => {
    const args = ["reset", "--graceful=false", "--reboot", "--system-labels-to-wipe", "EPHEMERAL"];
    await talosctl.run(node, [...args, "--wait=false"], { timeoutMs });
    await waitUntilFine(async () => {
      const now = await live.factsOf(node);
      if (now.error !== undefined || now.bootId === bootId)
        return `${node.name}: ${now.error ?? "it has not restarted"}`;
      return (await waitsForEtcd(talosctl, node))
        ? undefined
        : `${node.name}: its etcd does not wait for others yet`;
    }, poll);
    say(`${node.name}: EPHEMERAL is wiped, with its etcd data`);
  };
  // None is wiped where another one would keep the old members.
  const boots = await all(controlPlanes, async (node) => {
    const { error, bootId } = await live.factsOf(node);
    if (error !== undefined) throw new Error(`${node.name}: ${error}`);
    return bootId;
  });
  poll.signal?.throwIfAborted();
  await all(controlPlanes, (node, index) => wipe(node, boots[index]));
  poll.signal?.throwIfAborted();
  const check = skipHashCheck ? ["--recover-skip-hash-check"] : [];
  await talosctl.run(first, ["bootstrap", "--recover-from", file, ...check], { timeoutMs });
  say(`${first.name}: etcd starts from ${file}`);
  const names = namesOfControlPlanes(live.nodes);
  await waitUntilFine(async () => etcdProblems(names, await live.etcdViews())[0], poll);
  say(`etcd: ${names.join(", ")} are members`);
}

/** Does the work for all nodes at the same time. @throws Error with all reasons, once none is at work any more */
async function all<T>(
  nodes: readonly TalosNode[],
  work: (node: TalosNode, index: number) => Promise<T>,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(nodes.map(work));
  const failed = settled.filter((each) => each.status === "rejected");
  if (failed.length > 0) throw new Error(failed.map(({ reason }) => (reason as Error).message).join("\n"));
  return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

/** Whether the etcd of a node that was wiped waits to be told what to do. */
async function waitsForEtcd(talosctl: Cluster["talosctl"], node: TalosNode): Promise<boolean> {
  try {
    const services = await readServices(talosctl, node);
    return services.some(({ name, state }) => name === "etcd" && state === "Preparing");
  } catch (error) {
    if (error instanceof CallError) return false;
    throw error;
  }
}
