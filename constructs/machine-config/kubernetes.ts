import type { MachineConfigPatch, TalosClusterNode, TalosClusterProps } from "../talos-cluster-props";
import { ciliumManifest } from "./cilium";

/** Which of its addresses a node has in Kubernetes, and etcd among its members: with several NICs, Talos would have to guess. */
export function nodeAddresses(subnets: readonly string[], { role }: TalosClusterNode): MachineConfigPatch {
  return {
    machine: { kubelet: { nodeIP: { validSubnets: subnets } } },
    ...(role === "controlplane" && { cluster: { etcd: { advertisedSubnets: subnets } } }),
  };
}

/** Names in the certificates of the APIs: from contract 1.12 on, Talos no longer adds that of the endpoint by itself. */
export function certificateNames(names: readonly string[], { role }: TalosClusterNode): MachineConfigPatch[] {
  if (role === "worker") return [];
  return [{ machine: { certSANs: names }, cluster: { apiServer: { certSANs: names } } }];
}

/** Networks of pods and services, and what connects them. */
export function clusterNetwork(props: TalosClusterProps, { role }: TalosClusterNode): MachineConfigPatch {
  const { cni = "flannel", kubeProxy = true, network } = props;
  const cluster = {
    network: {
      ...(network.podCidrs && { podSubnets: network.podCidrs }),
      ...(network.serviceCidrs && { serviceSubnets: network.serviceCidrs }),
      // To Talos, Cilium is none of its own.
      cni: { name: cni === "flannel" ? "flannel" : "none" },
    },
  };
  if (role === "worker") return { cluster };
  const schedules =
    props.scheduleOnControlPlanes ?? props.nodes.every((each) => each.role === "controlplane");
  return {
    cluster: {
      ...cluster,
      ...(!kubeProxy && { proxy: { disabled: true } }),
      ...(schedules && { allowSchedulingOnControlPlanes: true }),
      ...(cni === "cilium" && props.cilium && { inlineManifests: [ciliumManifest(props.cilium, kubeProxy)] }),
    },
  };
}
