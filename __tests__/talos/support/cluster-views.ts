import type { VirtualMachine } from "../../../stand-ins/proxmox";
import type { NodeView } from "../../../stand-ins/talos";
import type { KubernetesApi } from "../../../talos/kubernetes";
import type { RunningCluster } from "./running-cluster";

/** What stands around a command: the nodes, the VMs that they run on, and what was done to them. */
export class ClusterView {
  constructor(private readonly cluster: RunningCluster) {}

  node(name: string): NodeView | undefined {
    return this.nodes.find((node) => node.name === name);
  }

  /** The names of the members of etcd. */
  get members(): readonly string[] {
    return this.nodes.flatMap(({ name, etcdMember }) => (etcdMember === undefined ? [] : [name]));
  }

  get vms(): readonly VirtualMachine[] {
    let found: readonly VirtualMachine[] = [];
    const end = this.cluster.proxmox?.watchMachines((machines) => {
      found = machines;
    });
    end?.();
    return found;
  }

  vm(name: string): VirtualMachine | undefined {
    return this.vms.find((vm) => vm.name === name);
  }

  /** What was done to nodes since the last time, in order. */
  done(): readonly string[] {
    const { control } = this.cluster.talos;
    const calls = control
      .listCalls()
      .filter(({ method }) =>
        /\/(Reboot|Upgrade|Reset|EtcdSnapshot|EtcdRemoveMemberByID|Bootstrap)$/.test(method),
      );
    control.clearCalls();
    return calls.map(({ node, method }) => `${method.split("/").pop()} ${node}`);
  }

  private get nodes(): readonly NodeView[] {
    return this.cluster.talos.control.listNodes();
  }
}

const PODS = "/api/v1/namespaces/default/pods";

/** The Kubernetes of a cluster. */
export class KubernetesView {
  constructor(private readonly api: KubernetesApi) {}

  /** Runs a pod on a node; without an owner, nothing starts it again elsewhere. */
  async runPod(name: string, nodeName: string, isOwned: boolean): Promise<void> {
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "1", controller: true };
    const spec = { nodeName, containers: [{ name, image: "example.com/web" }] };
    const metadata = { name, ...(isOwned && { ownerReferences: [owner] }) };
    await this.api.call(PODS, { method: "POST", body: { metadata, spec } });
  }

  async hasPod(name: string): Promise<boolean> {
    return (await this.api.find(`${PODS}/${name}`)) !== undefined;
  }

  async hasNode(name: string): Promise<boolean> {
    return (await this.api.find(`/api/v1/nodes/${name}`)) !== undefined;
  }

  async isCordoned(name: string): Promise<boolean> {
    const found = await this.api.call(`/api/v1/nodes/${name}`);
    return (found as { spec: { unschedulable?: boolean } }).spec.unschedulable ?? false;
  }

  /** Who is at work on the nodes. */
  async leases(): Promise<readonly string[]> {
    const path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    const found = await this.list<{ spec: { holderIdentity?: string } }>(path);
    return found
      .filter(({ metadata }) => metadata.name === "cdktf-proxmox-talos")
      .map(({ spec }) => spec.holderIdentity ?? "");
  }

  /** The versions of the kubelets, and of the images that control planes run from files: `kube-apiserver-cp-1 v1.36.0`. */
  async versions(): Promise<readonly string[]> {
    const nodes = await this.list<{ status: { nodeInfo: { kubeletVersion: string } } }>("/api/v1/nodes");
    const pods = await this.list<{ spec: { containers: { image: string }[] } }>(
      "/api/v1/namespaces/kube-system/pods",
    );
    return [
      ...nodes.map(({ metadata, status }) => `${metadata.name} ${status.nodeInfo.kubeletVersion}`),
      ...pods.map(({ metadata, spec }) => `${metadata.name} ${spec.containers[0]?.image.split(":").pop()}`),
    ];
  }

  private async list<T>(path: string) {
    const { items } = (await this.api.call(path)) as { items: (T & { metadata: { name: string } })[] };
    return items;
  }
}
