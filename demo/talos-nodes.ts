import type { ClusterConfig } from "../config";
import { step } from "../process/step";
import type { KubernetesPrograms } from "../stand-ins/kubernetes";
import { runNodesOnVms } from "../stand-ins/nodes-of-vms";
import type { RunningProxmox } from "../stand-ins/proxmox";
import { startTalos } from "../stand-ins/talos";
import { configCheck } from "../stand-ins/talos-config";
import { talosNodes } from "../talos/node";

export interface StandInNodesProps {
  /** With every node that there will ever be. */
  readonly config: ClusterConfig;
  /** Its VMs are what the nodes run on. */
  readonly proxmox: RunningProxmox;
  readonly folder: string;
  /** With them, the cluster has a Kubernetes API. */
  readonly kubernetes?: KubernetesPrograms;
  readonly atEnd: (stop: () => Promise<void>) => void;
}

/** The environment in which the nodes of a configuration are reached. */
export type NodesEnvironment = (config: Pick<ClusterConfig, "nodes">) => NodeJS.ProcessEnv;

/**
 * Prepares a stand-in for each node, which boots when its VM does. It refuses what Talos refuses, once the config checker is built.
 * @returns what tells where they are reached
 */
export function standInNodes(props: StandInNodesProps): Promise<NodesEnvironment> {
  const { config, proxmox, folder, kubernetes, atEnd } = props;
  return step("Stand-in Talos", async ({ result }) => {
    const talos = await startTalos({
      nodes: config.nodes.map(({ name, address }) => ({ name, address })),
      folder,
      mediumVersion: config.talosVersion,
      mediumSchematic: talosNodes(config, {})[0]?.schematicId,
      platform: config.bootMode === "iso" ? "metal" : "nocloud",
      oneAddress: process.platform === "darwin",
      poweredOn: false,
      checkConfig: configCheck(),
      kubernetes: { programs: kubernetes },
    });
    const end = runNodesOnVms(proxmox, talos);
    atEnd(async () => {
      end();
      await talos.stop();
    });
    result(`${config.nodes.length} nodes`);
    return ({ nodes }) => {
      const endpoints = talos.nodes.filter(({ name }) => nodes.some((node) => node.name === name));
      return {
        TALOS_API_ENDPOINTS: endpoints.map(({ name, endpoint }) => `${name}=${endpoint}`).join(","),
        KUBERNETES_API_ENDPOINT: talos.kubernetes?.endpoint,
      };
    };
  });
}
