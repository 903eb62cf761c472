import { type NodeView, type RunningTalos, startTalos, type TalosOptions } from "../../../../stand-ins/talos";
import type { KeyPair } from "../../../../stand-ins/talos/pki/issue";
import { waitUntil } from "../../../support/wait-until";
import { TalosClient } from "./client";
import { machineConfig } from "./machine-config";
import { type ClusterSecrets, clientCertificate, clusterSecrets } from "./secrets";

export const DISKS = "storage.StorageService/Disks";

/** Stand-in nodes with the secrets of a cluster, and clients that are closed at the end. */
export class TestCluster {
  private readonly clients: TalosClient[] = [];

  private constructor(
    readonly talos: RunningTalos,
    readonly secrets: ClusterSecrets,
    readonly admin: KeyPair,
  ) {}

  static async start(options: TalosOptions = {}, secrets?: ClusterSecrets): Promise<TestCluster> {
    const known = secrets ?? (await clusterSecrets());
    const talos = await startTalos(options);
    return new TestCluster(talos, known, await clientCertificate(known));
  }

  node(index: number): NodeView {
    const node = this.talos.control.listNodes()[index];
    if (!node) throw new Error(`no node ${index}`);
    return node;
  }

  insecure(index: number): TalosClient {
    return this.keep(TalosClient.insecure(this.node(index).endpoint));
  }

  secure(index: number, certificate = this.admin): TalosClient {
    return this.keep(TalosClient.secure(this.node(index).endpoint, this.secrets.os.crt, certificate));
  }

  /** Applies in maintenance and waits until the node answers with it. */
  async configure(index: number, config: string): Promise<void> {
    await this.insecure(index).unary("ApplyConfiguration", { mode: "AUTO", data: Buffer.from(config) });
    await this.until(index, (node) => node.condition === "RUNNING" && node.reachable);
  }

  async configureControlPlane(index: number, hostname = `cp-${index}`): Promise<void> {
    await this.configure(index, machineConfig(this.secrets, "controlplane", { hostname }));
  }

  async until(index: number, reached: (node: NodeView) => boolean): Promise<void> {
    await waitUntil(() => reached(this.node(index)));
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.talos.stop();
  }

  private keep(client: TalosClient): TalosClient {
    this.clients.push(client);
    return client;
  }
}
