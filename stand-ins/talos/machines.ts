import { setTimeout as sleep } from "node:timers/promises";
import type { JsonFile } from "../json-file";
import type { Kubernetes } from "../kubernetes";
import type { ConfigCheck } from "./config/check";
import { machineCa } from "./config/machine-config";
import { CallLog } from "./control/call-log";
import { Faults } from "./control/faults";
import { Etcd } from "./etcd/cluster";
import { kubernetesViews } from "./kubernetes-view";
import type { MachinesState, TalosImage } from "./model";
import { installerImage } from "./node/installer-image";
import type { Listener } from "./node/listener";
import { Node } from "./node/node";
import { configuredIdentity, issuingCa, maintenanceIdentity, type TlsIdentity } from "./node/tls-identity";

/** How long a virtual machine takes from power-on to the Talos API. */
const BOOT_SECONDS = 40;

export interface MachinesOptions {
  /** How long boots take, relative to a real node. */
  readonly timeScale: number;
  readonly onCall?: (line: string) => void;
  /** The schematics that the Image Factory has received: the extensions of each by its ID. */
  readonly schematics?: Readonly<Record<string, readonly string[]>>;
  readonly checkConfig?: ConfigCheck;
  readonly kubernetes?: Kubernetes;
}

/** All nodes, with the etcd clusters, faults and call log that they share. */
export class Machines {
  readonly nodes: readonly Node[];
  readonly etcd: Etcd;
  readonly faults = new Faults();
  readonly calls: CallLog;
  /** They are called with the name of a node that shuts itself down. */
  readonly powerOffListeners = new Set<(name: string) => void>();
  /** They are called after each change to a node. */
  readonly changeListeners = new Set<() => void>();
  /** The current TLS identities, each with the boot and configuration that it was issued for. */
  private readonly identities = new Map<Node, { readonly key: string; readonly identity: TlsIdentity }>();
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
    this.etcd = new Etcd(state.etcd, this.nodes, this.faults);
    this.calls = new CallLog(options.onCall);
    // The end of an earlier run was a power cut.
    for (const node of this.nodes) if (node.state.poweredOn) node.boot(state.medium);
  }

  get checkConfig(): ConfigCheck | undefined {
    return this.options.checkConfig;
  }

  get kubernetes(): Kubernetes | undefined {
    return this.options.kubernetes;
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

  /** The nodes of its cluster that run, itself among them. */
  clusterOf(node: Node): readonly Node[] {
    const ca = node.config && machineCa(node.config).crt;
    return this.nodes.filter(
      ({ condition, config }) => condition === "RUNNING" && config && machineCa(config).crt === ca,
    );
  }

  /** The official extensions of a schematic. */
  extensionsOf(schematic: string): readonly string[] {
    return this.options.schematics?.[schematic] ?? [];
  }

  /** The Talos of an installer image; undefined where no registry has that image. */
  installer(reference: string): TalosImage | undefined {
    const { schematics } = this.options;
    const image = installerImage(reference);
    return image?.schematic && schematics && !schematics[image.schematic] ? undefined : image;
  }

  /** Whether somebody answers on its port. */
  isReachable(node: Node): boolean {
    return this.listeners.get(node)?.isOpen ?? false;
  }

  /** Boots a node after the boot time, unless its power was switched off in the meantime. */
  async boot(node: Node, minimumMs = 0): Promise<void> {
    const bootMs = Math.max(minimumMs, BOOT_SECONDS * 1000 * this.options.timeScale);
    await sleep(bootMs, undefined, { signal: this.closing.signal });
    if (!node.state.poweredOn) return;
    // A Talos that does not come up after an upgrade gives way to the one before it.
    if (node.state.upgraded && this.faults.failsUpgrade(node.name)) node.revertImage();
    node.boot(this.state.medium);
    await this.applyChanges();
  }

  /** To be called after a change to a node: saves it, lets etcd members join, and updates Kubernetes and the listeners. */
  async applyChanges(): Promise<void> {
    this.etcd.joinAll();
    this.save();
    this.kubernetes?.update(kubernetesViews(this));
    for (const listener of this.changeListeners) listener();
    this.refreshing = this.refreshing.catch(() => {}).then(() => this.refresh());
    await this.refreshing;
  }

  save(): void {
    this.store.save(this.state);
  }

  /** Does the work without making the caller wait; `close` waits for it. */
  runInBackground(work: () => Promise<void>): void {
    const running = work()
      .catch((error: Error) => {
        // A bug of the stand-in and not a mistake of a caller, so it is printed.
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

  /** Control plane nodes come first: they sign the certificates of workers. */
  private async refresh(): Promise<void> {
    const order = [...this.nodes].sort((a, b) => Number(b.isControlPlane) - Number(a.isControlPlane));
    for (const node of order) {
      const identity = await this.identityOf(node);
      await this.listeners
        .get(node)
        ?.setIdentity(this.faults.isUnreachable(node.name) ? undefined : identity);
    }
  }

  /** None: nobody answers on its port. */
  private async identityOf(node: Node): Promise<TlsIdentity | undefined> {
    const { condition, state } = node;
    if (condition === "OFF" || condition === "DOWN") {
      this.identities.delete(node);
      return undefined;
    }
    const key = `${state.bootId} ${state.config}`;
    const shown = this.identities.get(node);
    if (shown?.key === key) return shown.identity;
    const identity =
      condition === "MAINTENANCE" ? await maintenanceIdentity(node) : await this.signedIdentity(node);
    if (identity) this.identities.set(node, { key, identity });
    else this.identities.delete(node);
    return identity;
  }

  private async signedIdentity(node: Node): Promise<TlsIdentity | undefined> {
    const ca = issuingCa(node, this.nodes);
    try {
      return ca && (await configuredIdentity(node, ca));
    } catch (error) {
      // As on a real node: the configuration was taken, but no API comes up with it.
      process.stderr.write(`${node.name}: no certificate from .machine.ca: ${(error as Error).message}\n`);
      return undefined;
    }
  }
}
