import { isRoleLabel } from "../../domain/kubernetes";
import {
  contractProblem,
  hasNetworkDocuments,
  kubernetesVersionProblem,
  minorOf,
  talosVersionProblem,
} from "../../domain/talos-versions";
import type { StateConfig } from "../cluster-config";
import type { Problem } from "../diagnostic";
import { documentSince } from "../machine-config-types";
import { isMapping, type Path } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";
import type { TalosConfig } from "../talos-config";
import { patchesOf } from "./patches";

/** Versions that go together, and settings of `talos` that do not contradict each other. */
export function* checkTalos(cluster: ResolvedCluster): Iterable<Problem> {
  const { input, config } = cluster;
  if (config.talos === undefined || input.talos === undefined) {
    yield* checkUnused(cluster);
    return;
  }
  yield* checkVersions(cluster);
  yield* checkCni(input.talos);
  yield* checkLabels(cluster);
  yield* checkVolumes(cluster);
  yield* checkEncryption(cluster);
  yield* checkPatches(cluster);
  yield* checkAdoptedTalos(cluster);
  yield* checkPlaintext(config.talos, config.state);
}

/** Whoever reads the state has what is in it. */
function* checkPlaintext(
  { secrets, plaintextSecrets }: TalosConfig,
  { encryption }: StateConfig,
): Iterable<Problem> {
  if (secrets === "out-of-state" && plaintextSecrets !== undefined) {
    const text = "has no effect with secrets: out-of-state, where none is in the state; remove it";
    yield { path: ["talos", "plaintext_secrets"], text };
  }
  if (secrets === "in-state" && encryption.provider === "off" && plaintextSecrets === undefined) {
    const text =
      "puts the secrets of the cluster into the state, which is not encrypted; remove provider: off from state.encryption, or say in talos.plaintext_secrets why that may be";
    yield { path: ["talos"], text };
  }
}

function* checkAdoptedTalos({ input, nodes }: ResolvedCluster): Iterable<Problem> {
  const { vms, talos } = input.adopt ?? {};
  if (vms !== undefined && talos === undefined) {
    const text =
      "would make new secrets, which the nodes that adopt.vms takes over refuse; add adopt.talos: {} to take over their secrets as well, or leave this key out and go on configuring Talos as before";
    yield { path: ["talos"], text };
  }
  const names = nodes.map(({ input }) => input.name);
  for (const [index, name] of (talos?.configured_nodes ?? []).entries()) {
    if (names.includes(name)) continue;
    const path = ["adopt", "talos", "configured_nodes", index];
    yield { path, text: `${name} is no node of this cluster; use some of ${names.join(", ")}` };
  }
}

/** Keys that only this program has, and that mean nothing without `talos`. */
function* checkUnused({ input, nodes }: ResolvedCluster): Iterable<Problem> {
  const text = "has no effect without the key talos of the cluster; add it, or remove this one";
  if (input.adopt?.talos !== undefined) yield { path: ["adopt", "talos"], text };
  for (const { path, input } of nodes) {
    if (input.talos !== undefined) yield { path: [...path, "talos"], text };
    for (const [index, { volume }] of input.data_disks.entries()) {
      if (volume !== undefined) yield { path: [...path, "data_disks", index, "volume"], text };
    }
    for (const [index, { addresses, routes }] of input.networks.entries()) {
      const at = [...path, "networks", index];
      if (addresses !== undefined) yield { path: [...at, "addresses"], text };
      if (routes.length > 0) yield { path: [...at, "routes"], text };
    }
  }
}

function* checkVersions({ input, config, isSound }: ResolvedCluster): Iterable<Problem> {
  const { talos, talosVersion } = config;
  if (talos === undefined || !isSound(["talos_version"])) return;
  const written = input.talos_version;
  const unknown = talosVersionProblem(talosVersion);
  if (unknown !== undefined) yield { path: ["talos_version"], text: `${written} ${unknown}` };
  const unsupported = kubernetesVersionProblem(talosVersion, talos.kubernetesVersion);
  if (unsupported !== undefined) {
    yield {
      path: ["talos", "kubernetes_version"],
      text: `${input.talos?.kubernetes_version} ${unsupported}`,
    };
  }
  const tooNew = unknown === undefined ? contractProblem(talosVersion, talos.configContract) : undefined;
  if (tooNew !== undefined)
    yield { path: ["talos", "config_contract"], text: `${talos.configContract} ${tooNew}` };
}

function* checkCni({
  cni,
  cilium,
  kube_proxy,
}: NonNullable<ResolvedCluster["input"]["talos"]>): Iterable<Problem> {
  if (cni === "cilium" && cilium === undefined) {
    yield {
      path: ["talos", "cilium"],
      text: "is missing; cni cilium needs its version, such as cilium: { version: 1.18.2 }",
    };
  }
  if (cni !== "cilium" && cilium !== undefined) {
    yield { path: ["talos", "cilium"], text: `has no effect with cni ${cni}; set cni: cilium, or remove it` };
  }
  if (cni === "flannel" && !kube_proxy) {
    const text =
      "false leaves services without anything that serves them, as flannel does not; set cni to cilium or none";
    yield { path: ["talos", "kube_proxy"], text };
  }
}

function* checkLabels({ input, nodes }: ResolvedCluster): Iterable<Problem> {
  const maps: [Path, Readonly<Record<string, string>>][] = [
    [["talos", "control_planes"], input.talos?.control_planes.labels ?? {}],
    [["talos", "workers"], input.talos?.workers.labels ?? {}],
    ...nodes.map(({ path, input: node }): [Path, Record<string, string>] => [
      [...path, "talos"],
      node.talos?.labels ?? {},
    ]),
  ];
  for (const [path, labels] of maps) {
    for (const key of Object.keys(labels).filter(isRoleLabel)) {
      const text = "is a role, which Kubernetes lets no node give itself; use a label of your own";
      yield { path: [...path, "labels", key], text };
    }
  }
}

function* checkVolumes({ nodes }: ResolvedCluster): Iterable<Problem> {
  for (const { path, config } of nodes) {
    const names = config.dataDisks.map(({ userVolume }) => userVolume);
    for (const [index, name] of names.entries()) {
      if (name === undefined || names.indexOf(name) === index) continue;
      const text = `${name} is already on another disk; give each volume its own name`;
      yield { path: [...path, "data_disks", index, "volume"], text };
    }
  }
}

function* checkEncryption({ input, nodes, isSound }: ResolvedCluster): Iterable<Problem> {
  for (const { path, config, input: node } of nodes) {
    const at: Path = [...path, "encrypt_disk"];
    const own = node.talos?.disk_encryption_key;
    if (own !== undefined && !node.encrypt_disk) {
      const text = `${own} has no effect without encrypt_disk: true; set it, or remove this one`;
      yield { path: [...path, "talos", "disk_encryption_key"], text };
    }
    if (config.diskEncryption !== "tpm" || !isSound(["talos", "disk_encryption_key"])) continue;
    const wanted = `with talos.disk_encryption_key ${own ?? input.talos?.disk_encryption_key}`;
    if (!config.secureBoot)
      yield { path: at, text: `true needs secureboot: true ${wanted}; set it, or use node-id` };
    if (!config.tpm)
      yield { path: at, text: `true needs a TPM ${wanted}, but tpm is false; remove that, or use node-id` };
  }
}

/** What Talos would refuse only on the node. */
function* checkPatches(cluster: ResolvedCluster): Iterable<Problem> {
  const { input, config } = cluster;
  const { talos } = config;
  if (talos === undefined) return;
  for (const [path, documents] of patchesOf(cluster)) {
    for (const { kind, machine } of documents) {
      if (documentSince(kind) > minorOf(config.talosVersion)) {
        const text = `has a ${kind}, which came with Talos 1.${documentSince(kind)}; leave it out with talos_version ${input.talos_version}`;
        yield { path, text };
      }
      if (hasNetworkDocuments(talos.configContract) && isMapping(machine) && machine.network !== undefined) {
        const text = `has machine.network, but with config_contract ${talos.configContract} the network is in documents such as LinkConfig; use those`;
        yield { path, text };
      }
    }
  }
}

/** Without `talos`, these keys are only checked and drawn. */
export function* warnOfUnconfiguredTalos({
  input,
  nodes,
  config,
  isGiven,
}: ResolvedCluster): Iterable<Problem> {
  if (input.talos !== undefined) return;
  const ofCluster = ["node_ntp_servers", "cluster_pod_cidr", "cluster_svc_cidr"].filter((key) =>
    isGiven([key]),
  );
  if (isGiven(["node_dns_servers"]) && config.bootMode === "iso") ofCluster.push("node_dns_servers");
  const ofNodes = [
    ...(nodes.some(({ input: node }) => node.encrypt_disk) ? ["encrypt_disk"] : []),
    ...(nodes.some(({ input: node }) => node.kernel_modules.length > 0) ? ["kernel_modules"] : []),
  ];
  const keys = [...ofCluster, ...ofNodes.map((key) => `nodes[].${key}`)];
  if (keys.length === 0) return;
  const text = `${keys.length === 1 ? "configures" : "configure"} nothing without the key talos: the program makes the VMs, and Talos is yours. to have it configured too, in a new cluster, add talos: { kubernetes_version: v1.36.0 } (docs/talos.md)`;
  yield { path: [], text: `${keys.join(", ")} ${text}` };
}
