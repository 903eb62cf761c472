import { join } from "node:path";
import { VANILLA_SCHEMATIC_ID } from "../../domain/schematic";
import { JsonFile } from "../json-file";
import { Kubernetes, type KubernetesOptions } from "../kubernetes";
import { serve } from "./api/serve";
import type { ConfigCheck } from "./config/check";
import { TalosControl } from "./control/control";
import { Machines } from "./machines";
import type { MachinesState, NodeState, Platform, TalosImage } from "./model";
import type { Listener } from "./node/listener";
import { openListeners } from "./ports";

export type { ConfigCheck } from "./config/check";
export type { LoggedCall } from "./control/call-log";
export { type NodeView, TalosControl } from "./control/control";
export type { FaultInput } from "./control/faults";
export type { Platform } from "./model";

export interface TalosNodeOptions {
  readonly name: string;
  /**
   * The address that clients use for the node (`node` of the provider), such as that of the real node.
   * @default - the address that it listens on
   */
  readonly address?: string;
}

export interface TalosOptions {
  /** A folder's nodes are joined by those that it does not have. @default - as in the folder, or node-1, node-2 and node-3 */
  readonly nodes?: readonly TalosNodeOptions[];
  /**
   * The port of all nodes, each on its own address; with `oneAddress` the first of consecutive ports. 0 takes free ones; a
   * folder's nodes get the ones that they had, if they are still free.
   * @default 0
   */
  readonly port?: number;
  /**
   * Whether all nodes listen on 127.0.0.1, for systems without the rest of 127.0.0.0/8; otherwise they listen on
   * 127.0.0.2, 127.0.0.3 …
   * @default false
   */
  readonly oneAddress?: boolean;
  /** The folder that keeps the nodes, with all their secrets. @default - in memory */
  readonly folder?: string;
  /** The Talos version on their boot medium. @default - as in the folder, or v1.13.0 */
  readonly mediumVersion?: string;
  /** The ID of the schematic of their boot medium. @default - as in the folder, or that of no extensions */
  readonly mediumSchematic?: string;
  /** @default - as in the folder, or metal, which requires `machine.install` */
  readonly platform?: Platform;
  /** Whether new nodes run from the start. Otherwise, they wait for their VM. @default true */
  readonly poweredOn?: boolean;
  /** How long boots take, relative to a virtual machine; 0 is immediate. @default 0 */
  readonly timeScale?: number;
  /**
   * Asked about each configuration before a node takes it. It says what is wrong, or undefined if it cannot tell.
   * @default - nodes check what the stand-in knows itself
   */
  readonly checkConfig?: ConfigCheck;
  /**
   * A real Kubernetes API, which each cluster gets when it is bootstrapped.
   * @default - the kubeconfigs are as on a real node, and there is nothing at the address in them
   */
  readonly kubernetes?: Pick<KubernetesOptions, "programs">;
  /**
   * The schematics that the Image Factory has received: the official extensions of each by its ID. Installers of others are not
   * found.
   * @default - every installer is found, and no extension is known
   */
  readonly schematics?: Readonly<Record<string, readonly string[]>>;
  /** Receives a line for each call, without anything secret. @default - nobody does */
  readonly onCall?: (line: string) => void;
}

export interface TalosNode {
  readonly name: string;
  /** `node` of the provider's resources. */
  readonly address: string;
  /** `endpoint` of the provider's resources. */
  readonly endpoint: string;
}

export interface RunningTalos {
  readonly nodes: readonly TalosNode[];
  /** Injects faults, switches power, and lists nodes and calls. */
  readonly control: TalosControl;
  readonly kubernetes?: Kubernetes;
  readonly stop: () => Promise<void>;
}

export const DEFAULT_NODES: readonly TalosNodeOptions[] = [1, 2, 3].map((n) => ({ name: `node-${n}` }));
const DEFAULT_VERSION = "v1.13.0";

/**
 * Starts a stand-in for machines with Talos: their gRPC API over TLS on loopback, from maintenance through configuration
 * and bootstrap to reset, as the Terraform provider sees it. No operating system runs.
 * @throws where a port is taken or the folder cannot be read
 */
export async function startTalos(options: TalosOptions = {}): Promise<RunningTalos> {
  const { port = 0, oneAddress = false, folder, timeScale = 0, onCall, checkConfig, schematics } = options;
  const store = new JsonFile<MachinesState>(folder && join(folder, "nodes.json"), "new nodes");
  const saved = store.load();
  if (saved && !saved.medium) {
    throw new Error(`${folder} is of an earlier version: move it away to start with new nodes`);
  }
  const { nodes = saved ? [] : DEFAULT_NODES } = options;
  const added = nodes.filter(({ name }) => !saved?.nodes.some((old) => old.name === name));
  const listeners = await openListeners((saved?.nodes.length ?? 0) + added.length, {
    port,
    oneAddress,
    before: saved?.nodes[0]?.listen.port,
  });
  let kubernetes: Kubernetes | undefined;
  try {
    if (options.kubernetes) {
      const data = folder && join(folder, "kubernetes");
      kubernetes = await Kubernetes.start({ ...options.kubernetes, folder: data });
    }
    const state = machinesState(listeners, saved, { ...options, nodes: added });
    const machines = new Machines(state, store, { timeScale, onCall, checkConfig, schematics, kubernetes });
    for (const [index, listener] of listeners.entries()) {
      const node = machines.nodes[index];
      if (node) serve(machines, node, listener);
    }
    await machines.applyChanges();
    const control = new TalosControl(machines);
    const running = control.listNodes().map(({ name, address, endpoint }) => ({ name, address, endpoint }));
    const stop = async () => {
      await machines.close();
      await kubernetes?.stop();
    };
    return { nodes: running, control, kubernetes, stop };
  } catch (error) {
    for (const listener of listeners) listener.close();
    await kubernetes?.stop();
    throw error;
  }
}

function machinesState(
  listeners: readonly Listener[],
  saved: MachinesState | undefined,
  { nodes = [], ...options }: TalosOptions,
): MachinesState {
  const platform = options.platform ?? saved?.platform ?? "metal";
  const medium: TalosImage = {
    version: options.mediumVersion ?? saved?.medium.version ?? DEFAULT_VERSION,
    schematic: options.mediumSchematic ?? saved?.medium.schematic ?? VANILLA_SCHEMATIC_ID,
  };
  const states = listeners.map(({ address: { host, port } }, index): NodeState => {
    const old = saved?.nodes[index];
    const listen = { host, port };
    if (old) return { ...old, listen, address: old.address === old.listen.host ? host : old.address };
    const { name = host, address = host } = nodes[index - (saved?.nodes.length ?? 0)] ?? {};
    const installed = platform === "nocloud";
    return {
      name,
      address,
      listen,
      poweredOn: options.poweredOn ?? true,
      bootId: "",
      installed,
      image: medium,
    };
  });
  return { platform, medium, etcd: saved?.etcd ?? {}, nodes: states };
}
