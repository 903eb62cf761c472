import type { ClusterConfig } from "../config";
import { apiOptionsFrom, ProxmoxApi } from "../proxmox/api";
import { readPendingChanges } from "../proxmox/pending-changes";
import { type ClusterProps, openCluster, withClients } from "../talos/cluster";
import { findingsOf } from "../talos/health/findings";
import { readHealth } from "../talos/health/reading";
import { isBug, messageOf } from "./error-message";
import type { LiveReading } from "./live-topology";

export interface ReadLiveProps extends ClusterProps {
  readonly config: ClusterConfig;
  /** How long each node, Kubernetes and Proxmox have for an answer. */
  readonly timeoutMs: number;
  /** Whether Kubernetes is asked too. */
  readonly kubernetes: boolean;
}

/** Asks the nodes and Proxmox, and changes nothing. Whoever cannot be asked is a part of the reading. */
export async function readLive(props: ReadLiveProps): Promise<LiveReading> {
  const failures: string[] = [];
  const attempt = async <T>(who: string, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      if (props.signal.aborted || isBug(error)) throw error;
      failures.push(`${who} could not be asked: ${messageOf(error)}`);
      return undefined;
    }
  };
  const [talos, proxmox] = await Promise.all([
    attempt("the nodes", () => readTalos(props)),
    attempt("Proxmox", () => readProxmox(props)),
  ]);
  return { readAt: new Date(), failures, ...(talos && { talos }), ...(proxmox && { proxmox }) };
}

async function readTalos(props: ReadLiveProps): Promise<LiveReading["talos"]> {
  const { config, timeoutMs, kubernetes } = props;
  const cluster = await openCluster(props);
  return withClients(
    cluster,
    async (clients) => {
      const reading = await readHealth(clients, { kubernetes });
      return { reading, findings: findingsOf(reading, config.talos?.kubernetesVersion, new Date()) };
    },
    { timeoutMs },
  );
}

function readProxmox({ config, env, timeoutMs }: ReadLiveProps): Promise<LiveReading["proxmox"]> {
  const api = new ProxmoxApi({ ...apiOptionsFrom(env, config.proxmox), timeoutMs });
  return readPendingChanges(
    api,
    config.nodes.map(({ name, vmId }) => ({ name, vmId })),
  );
}
