import { setTimeout as sleep } from "node:timers/promises";
import { ControlPlane, type ControlPlaneSettings, type KubernetesPrograms } from "./control-plane";
import { type KubernetesNode, markUnreachable, register } from "./kubelet";
import { runPods } from "./pods";

/** A cluster as its nodes make it. */
export interface ClusterView {
  /** That of the database of its etcd. A cluster that is bootstrapped anew has another one. */
  readonly id: string;
  readonly settings: ControlPlaneSettings;
  /** Whether its API answers: a control plane node runs, and etcd has a quorum. */
  readonly isServing: boolean;
  /** Where its API answers: `10.20.1.10:6443` */
  readonly addresses: readonly string[];
  readonly nodes: readonly KubernetesNode[];
}

/** A Kubernetes API, in which the nodes of a cluster are registered. */
export class KubernetesCluster {
  private readonly stopping = new AbortController();
  private readonly controlPlane: Promise<ControlPlane>;
  /** What the API was told of each node last: everything, or that it is down. */
  private readonly told = new Map<string, string>();
  private port: number | undefined;
  private work: Promise<void> = Promise.resolve();
  private podsOf = new AbortController();

  constructor(
    private view: ClusterView,
    programs: KubernetesPrograms,
    folder: string,
  ) {
    this.controlPlane = ControlPlane.start(programs, view.settings, folder, this.stopping.signal);
    this.update(view);
  }

  /**
   * The port of the API on this machine; undefined while it does not answer, or not at this address.
   * @param target by default, any address
   */
  portFor(target?: string): number | undefined {
    const { isServing, addresses } = this.view;
    return isServing && (target === undefined || addresses.includes(target)) ? this.port : undefined;
  }

  /** Tells the API what has changed, without making the caller wait. */
  update(view: ClusterView): void {
    this.view = view;
    this.work = this.work.catch(() => undefined).then(() => this.tell());
    this.work.catch((error: Error) => {
      if (!this.stopping.signal.aborted) process.stderr.write(`the stand-in Kubernetes: ${error.stack}\n`);
    });
  }

  /** Waits until the API runs and knows what has changed so far. @throws where it does not start */
  settled(): Promise<void> {
    return this.work;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.podsOf.abort();
    await this.work.catch(() => undefined);
    const controlPlane = await this.controlPlane.catch(() => undefined);
    await controlPlane?.stop();
  }

  private async tell(): Promise<void> {
    const { api, port } = await this.controlPlane;
    this.port = port;
    const { nodes, isServing } = this.view;
    if (!isServing || this.stopping.signal.aborted) return;
    const before = this.up();
    for (const name of this.told.keys()) {
      if (!nodes.some((node) => node.name === name))
        await this.once(name, "", () => markUnreachable(api, name));
    }
    for (const node of nodes) {
      const { name, isUp } = node;
      if (isUp) await this.once(name, JSON.stringify(node), () => register(api, node));
      else await this.once(name, "", () => markUnreachable(api, name));
    }
    if (before.join() !== this.up().join()) this.restartPods();
  }

  private async once(name: string, text: string, tell: () => Promise<void>): Promise<void> {
    if (this.told.get(name) === text) return;
    await tell();
    this.told.set(name, text);
  }

  private up(): readonly string[] {
    return [...this.told].filter(([, text]) => text !== "").map(([name]) => name);
  }

  /** A new watch starts with all pods, also those that have waited for their node. */
  private restartPods(): void {
    this.podsOf.abort();
    this.podsOf = new AbortController();
    this.attendPods(this.podsOf.signal).catch((error: Error) => {
      process.stderr.write(`the stand-in kubelets: ${error.stack}\n`);
    });
  }

  private async attendPods(signal: AbortSignal): Promise<void> {
    const { api } = await this.controlPlane;
    const up = new Set(this.up());
    const addressOf = (name: string) =>
      up.has(name) ? this.view.nodes.find((node) => node.name === name)?.address : undefined;
    while (!signal.aborted) {
      try {
        await runPods(api, addressOf, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      await sleep(100);
    }
  }
}
