import type { NodeRole } from "../cluster-config";
import type { Problem } from "../errors";
import { formatPath } from "../path";
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
export function* checkResources({ input, nodes }: ResolvedCluster): Iterable<Problem> {
  const cpu = input.proxmox_vm_advanced.cpu_type;
  if (OLD_CPUS.test(cpu)) {
    const path = ["proxmox_vm_advanced", "cpu_type"];
    yield { path, text: `${cpu} lacks x86-64-v2, which Talos needs; use host or x86-64-v2-AES` };
  }
  for (const node of nodes) {
    yield* checkSizes(node);
    yield* checkBalloon(node);
  }
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
function* checkBalloon({ sizes, config }: ResolvedNode): Iterable<Problem> {
  if (config.balloonMiB <= config.memoryMiB) return;
  const memory = `${formatPath(sizes.memory.path)} ${sizes.memory.value}`;
  const path = ["proxmox_vm_advanced", "balloon"];
  yield { path, text: `${config.balloonMiB} is more than ${memory}; use 0, or less than the memory` };
}
