import { join } from "node:path";
import { JsonFile } from "../json-file";
import { serve } from "./api/serve";
import { TalosControl } from "./control/control";
import { Machines } from "./machines";
import type { MachinesState, NodeState, Platform } from "./model";
import type { Listener } from "./node/listener";
import { openListeners } from "./ports";

export type { LoggedCall } from "./control/call-log";
export { type NodeView, TalosControl } from "./control/control";
export type { FaultInput } from "./control/faults";
export type { Platform } from "./model";

export interface TalosNodeOptions {
  readonly name: string;
  /**
   * What clients call it by (`node` of the provider), such as the address that the real node has.
   * @default the address that it listens on
   */
  readonly address?: string;
}

export interface TalosOptions {
  /** Nodes of a new folder. @default node-1, node-2, node-3 */
  readonly nodes?: readonly TalosNodeOptions[];
  /** Of all nodes, on an address each; with `oneAddress` the first of as many. 0 takes a free one. @default 0 */
  readonly port?: number;
  /**
   * All nodes on 127.0.0.1, for systems that do not have the rest of 127.0.0.0/8.
   * @default false: 127.0.0.2, 127.0.0.3 …
   */
  readonly oneAddress?: boolean;
  /** Where the nodes are kept, with all their secrets. @default in memory */
  readonly folder?: string;
  /** The Talos on their boot medium. @default what it was before, or v1.13.0 */
  readonly version?: string;
  /** @default what it was before, or metal, which asks for `machine.install` */
  readonly platform?: Platform;
  /** How long boots take, as a share of what a virtual machine takes. @default 0: at once */
  readonly timeScale?: number;
  /** A line for each call, without anything secret. */
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
  /** Faults, power, and what was called. */
  readonly control: TalosControl;
  readonly stop: () => Promise<void>;
}

export const DEFAULT_NODES: readonly TalosNodeOptions[] = [1, 2, 3].map((n) => ({ name: `node-${n}` }));
const DEFAULT_VERSION = "v1.13.0";

/**
 * Starts a stand-in of machines with Talos: gRPC over TLS on loopback, from maintenance over configuration and
 * bootstrap to reset, as the Terraform provider sees it. Nothing runs on them.
 * @throws where a port is taken or the folder cannot be read
 */
export async function startTalos(options: TalosOptions = {}): Promise<RunningTalos> {
  const { nodes = DEFAULT_NODES, port = 0, oneAddress = false, folder, timeScale = 0, onCall } = options;
  const store = new JsonFile<MachinesState>(folder && join(folder, "nodes.json"), "new nodes");
  const kept = store.load();
  const listeners = await openListeners((kept?.nodes ?? nodes).length, {
    port: port || (kept?.nodes[0]?.listen.port ?? 0),
    oneAddress,
  });
  try {
    const state = machinesState(listeners, kept, options);
    const machines = new Machines(state, store, { timeScale, onCall });
    for (const [index, listener] of listeners.entries()) {
      const node = machines.nodes[index];
      if (node) serve(machines, node, listener);
    }
    await machines.changed();
    const control = new TalosControl(machines);
    const running = control.listNodes().map(({ name, address, endpoint }) => ({ name, address, endpoint }));
    return { nodes: running, control, stop: () => machines.close() };
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

function machinesState(
  listeners: readonly Listener[],
  kept: MachinesState | undefined,
  { nodes = DEFAULT_NODES, ...options }: TalosOptions,
): MachinesState {
  const platform = options.platform ?? kept?.platform ?? "metal";
  const mediumVersion = options.version ?? kept?.mediumVersion ?? DEFAULT_VERSION;
  const states = listeners.map(({ address: { host, port } }, index): NodeState => {
    const old = kept?.nodes[index];
    const listen = { host, port };
    if (old) return { ...old, listen, address: old.address === old.listen.host ? host : old.address };
    const { name = host, address = host } = nodes[index] ?? {};
    const installed = platform === "nocloud";
    return { name, address, listen, poweredOn: true, bootId: "", installed, version: mediumVersion };
  });
  return { platform, mediumVersion, etcd: kept?.etcd ?? {}, nodes: states };
}
