import { setTimeout as sleep } from "node:timers/promises";
import type { JsonFile } from "../json-file";
import { CallLog } from "./control/call-log";
import { Faults } from "./control/faults";
import type { MachinesState } from "./model";
import { Etcd } from "./node/etcd";
import { configuredFace, type Face, issuingCa, maintenanceFace } from "./node/face";
import type { Listener } from "./node/listener";
import { Node } from "./node/node";

/** What a virtual machine takes from power to the Talos API. */
const BOOT_SECONDS = 40;

export interface MachinesOptions {
  /** How long boots take, as a share of what a real node takes. */
  readonly timeScale: number;
  readonly onCall?: (line: string) => void;
}

/** All nodes, and what they share. */
export class Machines {
  readonly nodes: readonly Node[];
  readonly etcd: Etcd;
  readonly faults = new Faults();
  readonly calls: CallLog;
  /** The faces that are shown, and what they were made for. */
  private readonly faces = new Map<Node, { readonly key: string; readonly face: Face }>();
  private readonly listeners = new Map<Node, Listener>();
  private readonly work = new Set<Promise<void>>();
  private refreshing: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();

  constructor(
    readonly state: MachinesState,
    private readonly store: JsonFile<MachinesState>,
    private readonly options: MachinesOptions,
  ) {
    this.nodes = state.nodes.map((node) => new Node(node, state.platform));
    this.etcd = new Etcd(state.etcd, this.nodes, (node) => !this.faults.isUnreachable(node.name));
    this.calls = new CallLog(options.onCall);
    // The end of an earlier run was a power cut.
    for (const node of this.nodes) if (node.state.poweredOn) node.boot(state.mediumVersion);
  }

  attach(node: Node, listener: Listener): void {
    this.listeners.set(node, listener);
  }

  listenerOf(node: Node): Listener | undefined {
    return this.listeners.get(node);
  }

  byName(name: string): Node | undefined {
    return this.nodes.find((node) => node.name === name);
  }

  byAddress(address: string): Node | undefined {
    return this.nodes.find((node) => node.addresses.includes(address));
  }

  /** Whether somebody answers on its port. */
  isReachable(node: Node): boolean {
    return this.listeners.get(node)?.isOpen ?? false;
  }

  /** Unless somebody has cut the power by then. */
  async boot(node: Node): Promise<void> {
    await sleep(BOOT_SECONDS * 1000 * this.options.timeScale, undefined, { signal: this.closing.signal });
    if (!node.state.poweredOn) return;
    node.boot(this.state.mediumVersion);
    await this.changed();
  }

  /** Something about a node is different: keeps it, lets etcd members join, and shows the nodes as they now are. */
  async changed(): Promise<void> {
    this.etcd.joinAll();
    this.save();
    this.refreshing = this.refreshing.catch(() => {}).then(() => this.refresh());
    await this.refreshing;
  }

  save(): void {
    this.store.save(this.state);
  }

  /** Goes on while answers are given; `close` waits for it. */
  background(work: () => Promise<void>): void {
    const running = work()
      .catch((error: Error) => {
        // A mistake of ours and not of a caller: it must be seen.
        if (!this.closing.signal.aborted) process.stderr.write(`${error.stack}\n`);
      })
      .finally(() => this.work.delete(running));
    this.work.add(running);
  }

  async close(): Promise<void> {
    this.closing.abort();
    for (const node of this.nodes) node.goDown();
    await Promise.all(this.work);
    await this.refreshing.catch(() => {});
    for (const listener of this.listeners.values()) listener.close();
    this.save();
  }

  /** Control plane nodes first: workers have their certificates from them. */
  private async refresh(): Promise<void> {
    const order = [...this.nodes].sort((a, b) => Number(b.isControlPlane) - Number(a.isControlPlane));
    for (const node of order) {
      const face = await this.faceOf(node);
      await this.listeners.get(node)?.show(this.faults.isUnreachable(node.name) ? undefined : face);
    }
  }

  /** None: nobody answers on its port. */
  private async faceOf(node: Node): Promise<Face | undefined> {
    const { condition, state } = node;
    if (condition === "OFF" || condition === "DOWN") {
      this.faces.delete(node);
      return undefined;
    }
    const key = `${state.bootId} ${state.config}`;
    const shown = this.faces.get(node);
    if (shown?.key === key) return shown.face;
    const face = condition === "MAINTENANCE" ? await maintenanceFace(node) : await this.signedFace(node);
    if (face) this.faces.set(node, { key, face });
    else this.faces.delete(node);
    return face;
  }

  private async signedFace(node: Node): Promise<Face | undefined> {
    const ca = issuingCa(node, this.nodes);
    try {
      return ca && (await configuredFace(node, ca));
    } catch (error) {
      // As on a real node: the configuration was taken, but no API comes up with it.
      process.stderr.write(`${node.name}: no certificate from .machine.ca: ${(error as Error).message}\n`);
      return undefined;
    }
  }
}
