import type { NodeRole } from "../cluster-config";
import type { Problem } from "../errors";
import type { ResolvedCluster, ResolvedNode } from "../resolve-cluster";
import type { Sized, Sizes } from "../sizes";

/** The least that Talos runs with, from its system requirements. Memory in MiB, disk in GiB. */
const TALOS_MINIMUM: Readonly<Record<NodeRole, Omit<Sizes, "sockets">>> = {
  controlplane: { cores: 2, memory: 2048, disk_size: 10 },
  worker: { cores: 1, memory: 1024, disk_size: 10 },
};
const ROLE_NAMES: Readonly<Record<NodeRole, string>> = { controlplane: "control plane", worker: "worker" };
/** Models without x86-64-v2, which Talos is compiled for. */
const OLD_CPUS =
  /^(486|athlon|core2duo|coreduo|kvm32|kvm64|pentium[23]?|phenom|qemu32|qemu64|Conroe|Penryn|Opteron_G[123])$/;

/** CPU, memory and disk: enough for Talos. */
export function* checkResources(cluster: ResolvedCluster): Iterable<Problem> {
  const { input, nodes } = cluster;
  const cpu = input.proxmox_vm_advanced.cpu_type;
  if (OLD_CPUS.test(cpu)) {
    const path = ["proxmox_vm_advanced", "cpu_type"];
    yield { path, text: `${cpu} lacks x86-64-v2, which Talos needs; use host or x86-64-v2-AES` };
  }
  for (const node of nodes) yield* checkSizes(node);
  yield* checkBalloon(cluster);
}

function* checkSizes({ sizes, config: { role, cores, sockets } }: ResolvedNode): Iterable<Problem> {
  const minimum = TALOS_MINIMUM[role];
  const check = function* (size: Sized, actual: number, least: number, unit: string): Iterable<Problem> {
    if (actual >= least) return;
    const needs = `is less than the ${least}${unit} that Talos needs on a ${ROLE_NAMES[role]} node`;
    yield { path: size.path, text: `${size.value} ${needs}; use ${least} or more` };
  };
  yield* check(
    sizes.cores,
    cores * sockets,
    minimum.cores,
    sockets === 1 ? " cores" : " cores of all sockets",
  );
  yield* check(sizes.memory, sizes.memory.value, minimum.memory, " MiB");
  yield* check(sizes.disk_size, sizes.disk_size.value, minimum.disk_size, " GiB");
}

/** Proxmox takes the balloon for the least of the memory. */
function* checkBalloon({ nodes, input }: ResolvedCluster): Iterable<Problem> {
  const { balloon } = input.proxmox_vm_advanced;
  const short = nodes.find(({ config }) => config.memoryMiB < balloon)?.config;
  if (short === undefined) return;
  const path = ["proxmox_vm_advanced", "balloon"];
  yield {
    path,
    text: `${balloon} is more than the ${short.memoryMiB} MiB of "${short.name}"; use 0, or less than those`,
  };
}
