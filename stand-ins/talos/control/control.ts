import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { ActiveFault } from "../../fault-list";
import type { Machines } from "../machines";
import type { NodeState } from "../model";
import { loseDisks } from "../node/lifecycle";
import type { Condition, Node } from "../node/node";
import type { LoggedCall } from "./call-log";
import { type Fault, type FaultInput, faultSchema } from "./faults";

/** The state of a node, without anything secret. */
export interface NodeView {
  readonly name: string;
  readonly address: string;
  /** `127.0.0.2:50000` */
  readonly endpoint: string;
  readonly condition: Condition;
  /** Whether its API answers. The API of a worker waits for a control plane node. */
  readonly reachable: boolean;
  readonly type: "controlplane" | "worker" | undefined;
  readonly hostname: string;
  /** The Talos version that runs. */
  readonly version: string;
  /** The schematic of the Talos that runs; undefined where no factory has made it. */
  readonly schematic: string | undefined;
  /** Whether the next boot starts another Talos or takes another configuration. */
  readonly rebootPending: boolean;
  readonly bootId: string;
  /** Its member ID in etcd. */
  readonly etcdMember: string | undefined;
}

/** Controls the stand-in beyond the Talos API: injects faults, switches power, and lists nodes and calls. */
export class TalosControl {
  constructor(private readonly machines: Machines) {}

  /** @returns the fault's ID @throws where the fault is invalid or names an unknown node */
  async addFault(input: FaultInput): Promise<string> {
    const result = faultSchema.safeParse(input);
    if (!result.success) throw new Error(z.prettifyError(result.error).replace(/\s*\n\s*/g, " "));
    const { node } = result.data;
    if (node !== undefined) this.node(node);
    const id = this.machines.faults.add(result.data);
    await this.machines.applyChanges();
    if (result.data.kind === "unreachable")
      this.machines.listenerOf(this.node(result.data.node))?.cutConnections();
    return id;
  }

  listFaults(): readonly ActiveFault<Fault>[] {
    return this.machines.faults.list();
  }

  /** @param id removes all faults if it is left out */
  async removeFaults(id?: string): Promise<void> {
    this.machines.faults.remove(id);
    await this.machines.applyChanges();
  }

  listNodes(): readonly NodeView[] {
    return this.machines.nodes.map((node) => view(node, this.machines.isReachable(node)));
  }

  /** Switching off is a power cut, switching on is a boot. @throws where there is no such node */
  async setPower(name: string, power: "on" | "off"): Promise<void> {
    const node = this.node(name);
    if (power === "on" && !node.state.poweredOn) {
      node.state.poweredOn = true;
      await this.machines.boot(node);
    } else if (power === "off" && node.state.poweredOn) {
      node.state.poweredOn = false;
      node.goDown();
      await this.machines.applyChanges();
      this.machines.listenerOf(node)?.cutConnections();
    }
  }

  /**
   * Says which VM the node is. One that is another VM than before, or none any more, has lost its disks.
   * @throws where there is no such node
   */
  async setMachine(name: string, id: string | undefined): Promise<void> {
    const node = this.node(name);
    const before = node.state.machine;
    if (before === id) return;
    node.state.machine = id;
    if (before !== undefined) {
      await this.setPower(name, "off");
      loseDisks(this.machines, node);
    }
    await this.machines.applyChanges();
  }

  /** Calls the listener with the name of each node that shuts itself down. @returns ends it */
  onPowerOff(listener: (name: string) => void): () => void {
    this.machines.powerOffListeners.add(listener);
    return () => this.machines.powerOffListeners.delete(listener);
  }

  listCalls(): readonly LoggedCall[] {
    return this.machines.calls.list();
  }

  clearCalls(): void {
    this.machines.calls.clear();
  }

  private node(name: string): Node {
    const node = this.machines.byName(name);
    if (!node)
      throw new Error(`no node "${name}"; there are ${this.machines.nodes.map((n) => n.name).join(", ")}`);
    return node;
  }
}

const isRebootPending = ({ config, persistedConfig, image, nextImage = image }: NodeState): boolean =>
  !isDeepStrictEqual([config, image], [persistedConfig, nextImage]);

const view = ({ state, condition, config, hostname }: Node, reachable: boolean): NodeView => ({
  name: state.name,
  address: state.address,
  endpoint: `${state.listen.host}:${state.listen.port}`,
  condition,
  reachable,
  type: config?.type,
  hostname,
  version: state.image.version,
  schematic: state.image.schematic,
  rebootPending: isRebootPending(state),
  bootId: state.bootId,
  etcdMember: state.etcdMember,
});
