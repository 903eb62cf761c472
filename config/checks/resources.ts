import { runsTalos } from "../../domain/cpu-type";
import { type NodeRole, TALOS_MINIMUM } from "../../domain/talos";
import type { Problem } from "../diagnostic";
import type { ResolvedCluster, ResolvedNode } from "../resolve-cluster";
import type { Sized } from "../resolve-sizes";

const ROLE_NAMES: Readonly<Record<NodeRole, string>> = { controlplane: "control plane", worker: "worker" };

/** CPU, memory and disk: enough for Talos. */
export function* checkResources(cluster: ResolvedCluster): Iterable<Problem> {
  const { input, nodes } = cluster;
  const cpu = input.proxmox_vm_advanced.cpu_type;
  if (!runsTalos(cpu)) {
    const path = ["proxmox_vm_advanced", "cpu_type"];
    yield { path, text: `${cpu} lacks x86-64-v2, which Talos needs; use host or x86-64-v2-AES` };
  }
  for (const node of nodes) yield* checkSizes(cluster, node);
  yield* checkBalloon(cluster);
}

function* checkSizes({ isSound }: ResolvedCluster, node: ResolvedNode): Iterable<Problem> {
  const { path, sizes, config } = node;
  const { role, cores, sockets } = config;
  if (!isSound([...path, "controller"])) return;
  const minimum = TALOS_MINIMUM[role];
  const check = function* (
    size: Sized,
    actual: number,
    least: number,
    unit: string,
    sources = size.sources,
  ): Iterable<Problem> {
    if (actual >= least || !isSound(...sources)) return;
    const needs = `is less than the ${least}${unit} that Talos needs on a ${ROLE_NAMES[role]} node`;
    yield { path: size.path, text: `${size.value} ${needs}; use ${least} or more` };
  };
  yield* check(
    sizes.cores,
    cores * sockets,
    minimum.cores,
    sockets === 1 ? " cores" : " cores of all sockets",
    [...sizes.cores.sources, ...sizes.sockets.sources],
  );
  yield* check(sizes.memory, sizes.memory.value, minimum.memoryMiB, " MiB");
  yield* check(sizes.disk_size, sizes.disk_size.value, minimum.diskGiB, " GiB");
}

/** The balloon is the minimum of the memory, so it cannot be more than the memory. */
function* checkBalloon({ nodes, input, isSound }: ResolvedCluster): Iterable<Problem> {
  const { balloon } = input.proxmox_vm_advanced;
  const short = nodes.find(
    ({ path, sizes: { memory } }) =>
      memory.value < balloon && isSound(...memory.sources, [...path, "controller"]),
  );
  if (short === undefined) return;
  const { label, config } = short;
  const path = ["proxmox_vm_advanced", "balloon"];
  yield {
    path,
    text: `${balloon} is more than the ${config.memoryMiB} MiB of ${label}; use 0, or at most ${config.memoryMiB}`,
  };
}
