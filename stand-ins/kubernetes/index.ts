import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTaken } from "../free-port";
import { JsonFile } from "../json-file";
import { type ClusterView, KubernetesCluster } from "./cluster";
import type { KubernetesPrograms } from "./control-plane";
import { Gateway } from "./gateway";

export type { ClusterView } from "./cluster";
export type { KubernetesPrograms } from "./control-plane";
export type { KubernetesNode, Taint } from "./kubelet";

export interface KubernetesOptions {
  /** @default - nobody answers where the kubeconfigs lead to, until a later start on the same folder has them */
  readonly programs?: KubernetesPrograms;
  /** Keeps what is in the clusters. @default - it is gone at the end */
  readonly folder?: string;
}

/**
 * The Kubernetes of stand-in nodes: a real kube-apiserver on a real etcd for each cluster, with the cluster's own keys.
 * There are no kubelets, no scheduler and no controllers: nodes are registered as their kubelets would do it, pods that
 * name a node run on it, without a container, and nothing else happens by itself.
 */
export class Kubernetes {
  private readonly ended: Promise<void>[] = [];

  private constructor(
    private readonly programs: KubernetesPrograms | undefined,
    private readonly folder: string,
    private readonly gateway: Gateway,
    private readonly clusters: Map<string, KubernetesCluster>,
    private readonly isTemporary: boolean,
  ) {}

  /** @throws where the port that kubeconfigs name is taken */
  static async start({ programs, folder }: KubernetesOptions): Promise<Kubernetes> {
    const file = new JsonFile<{ readonly port: number }>(
      folder && join(folder, "gateway.json"),
      "a new port",
    );
    const { port = 0 } = file.load() ?? {};
    const clusters = new Map<string, KubernetesCluster>();
    const portFor = (target?: string) =>
      [...clusters.values()].map((cluster) => cluster.portFor(target)).find((found) => found !== undefined);
    const gateway = await Gateway.listen({ portFor, portForAll: portFor }, port).catch((cause) => {
      if (!isTaken(cause)) throw cause;
      const text = `port ${port} on 127.0.0.1 is taken, where the kubeconfigs of ${folder} lead to; end the program that has it`;
      throw new Error(text, { cause });
    });
    file.save({ port: gateway.port });
    const path = folder ?? mkdtempSync(join(tmpdir(), "kubernetes-"));
    return new Kubernetes(programs, path, gateway, clusters, folder === undefined);
  }

  /** Host and port that lead to the API: `proxy-url` of the kubeconfigs, or the end of a tunnel. */
  get endpoint(): string {
    return `127.0.0.1:${this.gateway.port}`;
  }

  /** Takes the clusters as they are now: starts the API of those that have none and could answer, ends those that are gone. */
  update(views: readonly ClusterView[]): void {
    for (const view of views) {
      const { id, isServing } = view;
      const known = this.clusters.get(id);
      if (known) known.update(view);
      else if (isServing && this.programs)
        this.clusters.set(id, new KubernetesCluster(view, this.programs, join(this.folder, id)));
    }
    for (const [id, cluster] of this.clusters) {
      if (views.some((view) => view.id === id)) continue;
      this.clusters.delete(id);
      this.ended.push(cluster.stop());
    }
    this.gateway.cutDead();
  }

  /** Waits until the APIs run and know what has changed so far. @throws where one does not start */
  async settled(): Promise<void> {
    for (const cluster of this.clusters.values()) await cluster.settled();
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    await Promise.all([...this.ended, ...[...this.clusters.values()].map((cluster) => cluster.stop())]);
    if (this.isTemporary) rmSync(this.folder, { recursive: true, force: true });
  }
}
