import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { JsonFile } from "../json-file";
import { Cluster } from "./cluster";
import { ControlApi } from "./control/api";
import { ProxmoxControl } from "./control/client";
import { RequestLog } from "./control/request-log";
import { DEFAULT_HOSTS, DEFAULT_STORAGES, FIRST_TOKEN, initialState } from "./initial-state";
import type { ClusterState, Storage } from "./model";
import { stopGuest } from "./qemu/lifecycle";
import { CONTROL_PREFIX, ProxmoxServer } from "./server";
import { loadTlsIdentity } from "./tls-identity";
import { type VirtualMachine, virtualMachines } from "./virtual-machines";

export type { ForeignGuest, GuestChange } from "./control/api";
export { ProxmoxControl } from "./control/client";
export type { FaultInput } from "./control/faults";
export type { LoggedRequest } from "./control/request-log";
export { DEFAULT_HOSTS, DEFAULT_STORAGES } from "./initial-state";
export type { Guest, Storage, Volume } from "./model";
export type { VirtualMachine } from "./virtual-machines";

export interface ProxmoxOptions {
  /** 0 takes a free one. @default 0 */
  readonly port?: number;
  /** The names of the hosts of a new cluster. @default - pve1, pve2 and pve3 */
  readonly hosts?: readonly string[];
  /** The storages of a new cluster. @default - {@link DEFAULT_STORAGES} */
  readonly storages?: Readonly<Record<string, Storage>>;
  /** The folder that keeps the cluster and its certificates. @default - in memory */
  readonly dataDir?: string;
  /** How long tasks take, relative to a real node; 0 is immediate. @default 0 */
  readonly timeScale?: number;
  /** The release that it says it is; its API is that of 9 in any case. @default "9.2.11" */
  readonly version?: string;
}

export interface RunningProxmox {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** The URL with a slash at the end, as the provider expects it. */
  readonly endpoint: string;
  /** The API token of an administrator: `user@realm!id=uuid`. */
  readonly token: string;
  /** The file with the certificate of the CA to trust. */
  readonly caFile: string;
  /** PROXMOX_VE_ENDPOINT, PROXMOX_VE_API_TOKEN and SSL_CERT_FILE for the provider. */
  readonly env: Readonly<Record<string, string>>;
  /** Injects faults, changes guests and hosts, and lists requests. */
  readonly control: ProxmoxControl;
  readonly controlUrl: string;
  readonly controlToken: string;
  /** Calls the listener with all VMs, now and after each change. @returns ends it */
  readonly watchMachines: (listener: (machines: readonly VirtualMachine[]) => void) => () => void;
  /** Ends a VM as one does that shuts itself down. */
  readonly powerOff: (vmid: number) => void;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a stand-in for the Proxmox VE 9 API: HTTPS on loopback, with API tokens and privileges, a cluster of hosts
 * whose state can be read back in full, and faults on demand.
 * @throws where the port is taken or the data folder cannot be read
 */
export async function startProxmox(options: ProxmoxOptions = {}): Promise<RunningProxmox> {
  const {
    port = 0,
    hosts = DEFAULT_HOSTS,
    storages = DEFAULT_STORAGES,
    dataDir,
    timeScale = 0,
    version,
  } = options;
  const store = new JsonFile<ClusterState>(dataDir && join(dataDir, "cluster.json"), "an empty cluster");
  const state = store.load() ?? initialState({ hosts, storages, tokenSecret: randomUUID() });
  const identity = await loadTlsIdentity(dataDir);
  const cluster = new Cluster(state, store, { timeScale, version });
  cluster.save();
  const log = new RequestLog();
  const controlToken = randomUUID();
  const server = new ProxmoxServer(cluster, new ControlApi(cluster, log, controlToken), log, identity);
  const listening = await server.listen(port).catch((error: unknown) => {
    identity.dispose();
    throw error;
  });

  const { userId, tokenId } = FIRST_TOKEN;
  const url = `https://127.0.0.1:${listening}`;
  const token = `${userId}!${tokenId}=${state.users[userId]?.tokens[tokenId]?.secret}`;
  const controlUrl = `${url}${CONTROL_PREFIX}`;
  const control = new ProxmoxControl({
    url: controlUrl,
    token: controlToken,
    caFile: identity.caFile,
  });
  return {
    url,
    endpoint: `${url}/`,
    token,
    caFile: identity.caFile,
    env: {
      PROXMOX_VE_ENDPOINT: `${url}/`,
      PROXMOX_VE_API_TOKEN: token,
      SSL_CERT_FILE: identity.caFile,
    },
    control,
    controlUrl,
    controlToken,
    watchMachines: (listener) => {
      const watcher = () => listener(virtualMachines(state));
      cluster.watchers.add(watcher);
      watcher();
      return () => cluster.watchers.delete(watcher);
    },
    powerOff: (vmid) => {
      const guest = state.guests[vmid];
      if (guest) stopGuest(guest);
      cluster.save();
    },
    stop: async () => {
      cluster.tasks.stop();
      await control.close();
      await server.close();
      identity.dispose();
    },
  };
}
