import type { DrainOptions, KubernetesCalls } from "../../../talos/change/drain";
import { KubernetesNodes } from "../../../talos/change/kubernetes-nodes";
import { CallError } from "../../../talos/errors";

/** Pods and a Node as the API of Kubernetes has them; what is evicted goes, unless a budget keeps it for a while. */
class FakeApi implements KubernetesCalls {
  readonly calls: string[] = [];
  pods: readonly object[] = [];
  node: Record<string, unknown> | undefined = readyNode();
  readonly evictions: unknown[] = [];
  /** That each pod is gone before it is evicted, and runs elsewhere under the same name. */
  isReplaced = false;
  /** How often each eviction is refused. */
  budget = 0;

  async call(
    path: string,
    { method = "GET", body }: { method?: string; body?: object } = {},
  ): Promise<unknown> {
    this.calls.push(`${method} ${path}`);
    if (method === "PATCH") Object.assign(this, { patched: body });
    if (method === "DELETE") {
      if (this.node === undefined) throw new CallError("Kubernetes", path, "not found", "404");
      this.node = undefined;
    }
    if (path.endsWith("/eviction")) this.evict(path, body);
    if (path === "/api/v1/nodes") return { items: [this.node] };
    return path.startsWith("/api/v1/pods") ? { items: this.pods } : this.node;
  }

  async find(path: string): Promise<unknown> {
    return path.endsWith("/w-1") ? this.node : undefined;
  }

  private evict(path: string, body: object | undefined): void {
    this.evictions.push(body);
    if (this.isReplaced) {
      this.pods = [];
      throw new CallError("Kubernetes", path, "the UID in the precondition is another one", "409");
    }
    if (this.budget-- > 0) throw new CallError("Kubernetes", path, "it would violate the budget", "429");
    const [, name] = /pods\/([^/]+)\/eviction$/.exec(path) ?? [];
    this.pods = this.pods.filter((each) => (each as ReturnType<typeof pod>).metadata.name !== name);
  }
}

const readyNode = () => ({
  metadata: { name: "w-1" },
  spec: {},
  status: {
    conditions: [{ type: "Ready", status: "True" }],
    nodeInfo: { kubeletVersion: "v1.36.0", bootID: "boot-1" },
  },
});
const pod = (name: string, kind?: string, more: object = {}, phase = "Running") => ({
  metadata: {
    ...{ name, namespace: "default", uid: name },
    ...(kind && { ownerReferences: [{ kind, controller: true }] }),
    ...more,
  },
  status: { phase },
});
const options: DrainOptions = { timeoutSeconds: 60, intervalMs: 0, evictUnmanaged: false };

test("evicts what something starts again elsewhere, and leaves what belongs to the node", async () => {
  const api = new FakeApi();
  const mirror = { annotations: { "kubernetes.io/config.mirror": "x" } };
  api.pods = [
    pod("web", "ReplicaSet"),
    pod("flannel", "DaemonSet"),
    pod("kube-apiserver", "Node", mirror),
    pod("job", "Job", {}, "Succeeded"),
  ];
  await new KubernetesNodes(api, options).drain("w-1");
  expect(api.calls.filter((call) => call.startsWith("POST"))).toEqual([
    "POST /api/v1/namespaces/default/pods/web/eviction",
  ]);
  expect(api.calls[0]).toBe("GET /api/v1/pods?fieldSelector=spec.nodeName%3Dw-1");
});

test("waits for a budget, and names the pod where it does not give in", async () => {
  const api = new FakeApi();
  Object.assign(api, { pods: [pod("db", "StatefulSet")], budget: 3 });
  await new KubernetesNodes(api, options).drain("w-1");
  expect(api.pods).toEqual([]);
  Object.assign(api, { pods: [pod("db", "StatefulSet")], budget: 3 });
  await expect(new KubernetesNodes(api, { ...options, timeoutSeconds: 0 }).drain("w-1")).rejects.toThrow(
    "not drained: default/db may not go: it would violate the budget, after 0 s of waiting",
  );
});

test("a pod that runs elsewhere by now, under the same name, is not evicted in the place of the old one", async () => {
  const api = new FakeApi();
  Object.assign(api, { pods: [pod("db-0", "StatefulSet")], isReplaced: true });
  await new KubernetesNodes(api, options).drain("w-1");
  expect(api.evictions).toEqual([
    expect.objectContaining({ deleteOptions: { preconditions: { uid: "db-0" } } }),
  ]);
});

test("a pod without a controller only goes where that is allowed", async () => {
  const api = new FakeApi();
  api.pods = [pod("tool"), pod("web", "ReplicaSet")];
  await expect(new KubernetesNodes(api, options).drain("w-1")).rejects.toThrow(
    "nothing would start default/tool again, which has no controller; delete it, or pass --evict-unmanaged",
  );
  expect(api.pods).toHaveLength(2);
  await new KubernetesNodes(api, { ...options, evictUnmanaged: true }).drain("w-1");
  expect(api.pods).toEqual([]);
});

test("knows what it has cordoned itself, also after it was uncordoned by others", async () => {
  const api = new FakeApi();
  const nodes = new KubernetesNodes(api, options);
  await nodes.cordon("w-1");
  const annotations = { "cdktf-proxmox-talos/cordoned": "true" };
  expect(api).toMatchObject({ patched: { metadata: { annotations }, spec: { unschedulable: true } } });
  expect(await nodes.nodeOf("w-1")).toEqual({
    ...{ name: "w-1", isReady: true, isCordoned: false, isOurs: false },
    ...{ kubeletVersion: "v1.36.0", bootId: "boot-1" },
  });
  api.node = { ...readyNode(), metadata: { name: "w-1", annotations }, spec: { unschedulable: true } };
  expect((await nodes.all()).get("w-1")).toMatchObject({ isCordoned: true, isOurs: true });
  api.node = { ...readyNode(), metadata: { name: "w-1", annotations } };
  expect(await nodes.nodeOf("w-1")).toMatchObject({ isCordoned: false, isOurs: false });
  expect(await nodes.nodeOf("w-2")).toBeUndefined();
});

test("a Node is removed once; that it is gone already is no error", async () => {
  const nodes = new KubernetesNodes(new FakeApi(), options);
  expect(await nodes.remove("w-1")).toBe(true);
  expect(await nodes.remove("w-1")).toBe(false);
});
