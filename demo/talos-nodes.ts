import type { ClusterConfig } from "../config";
import { step } from "../process/step";
import type { KubernetesPrograms } from "../stand-ins/kubernetes";
import { runNodesOnVms } from "../stand-ins/nodes-of-vms";
import type { RunningProxmox } from "../stand-ins/proxmox";
import { type RunningTalos, startTalos } from "../stand-ins/talos";

export interface StandInNodesProps {
  readonly config: ClusterConfig;
  /** Its VMs are what the nodes run on. */
  readonly proxmox: RunningProxmox;
  readonly folder: string;
  /** With them, the cluster has a Kubernetes API. */
  readonly kubernetes?: KubernetesPrograms;
  readonly atEnd: (stop: () => Promise<void>) => void;
}

/** Prepares a stand-in for each node, which boots when its VM does. @returns what tells where they are reached */
export function standInNodes(props: StandInNodesProps): Promise<{
  readonly talos: RunningTalos;
  readonly env: NodeJS.ProcessEnv;
}> {
  const { config, proxmox, folder, kubernetes, atEnd } = props;
  return step("Stand-in Talos", async ({ result }) => {
    const talos = await startTalos({
      nodes: config.nodes.map(({ name, address }) => ({ name, address })),
      folder,
      mediumVersion: config.talosVersion,
      platform: config.bootMode === "iso" ? "metal" : "nocloud",
      oneAddress: process.platform === "darwin",
      poweredOn: false,
      kubernetes: { programs: kubernetes },
    });
    const end = runNodesOnVms(proxmox, talos);
    atEnd(async () => {
      end();
      await talos.stop();
    });
    result(`${talos.nodes.length} nodes`);
    const endpoints = talos.nodes
      .filter(({ name }) => config.nodes.some((node) => node.name === name))
      .map(({ name, endpoint }) => `${name}=${endpoint}`);
    const env = {
      TALOS_API_ENDPOINTS: endpoints.join(","),
      KUBERNETES_API_ENDPOINT: talos.kubernetes?.endpoint,
    };
    return { talos, env };
  });
}
