import { refusal } from "./support/client";
import { TestCluster } from "./support/cluster";
import { FACTORY_INSTALLER, machineConfig } from "./support/machine-config";

// What `talos_machine` and `talos_cluster` of provider 0.12 ask for beyond the classic resources.

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start({ nodes: [{ name: "cp" }, { name: "w" }] });
  await cluster.configureControlPlane(0, "cp-1");
  await cluster.configure(1, machineConfig(cluster.secrets, "worker"));
});
afterEach(() => cluster.stop());

test("an upgrade: pull, install, reboot", async () => {
  const image = `${FACTORY_INSTALLER}:v1.13.3`;
  const client = cluster.secure(0);
  const { bootId } = cluster.node(0);
  const pulled = await client.collect("machine.ImageService/Pull", { imageRef: image });
  expect(pulled.at(-1)).toMatchObject({ name: expect.stringMatching(`^${FACTORY_INSTALLER}@sha256:`) });
  const progress = await client.collect("machine.LifecycleService/Upgrade", { source: { imageName: image } });
  expect(progress.at(-1)).toMatchObject({ progress: { exitCode: 0 } });
  expect(cluster.node(0).version).toBe("v1.13.2");
  await client.unary("Reboot");
  await cluster.until(0, (node) => node.bootId !== bootId && node.reachable);
  expect((await cluster.secure(0).unary("Version")).messages[0].version.tag).toBe("v1.13.3");
});

test("an upgrade by the older method, in one call", async () => {
  const client = cluster.secure(0);
  await client.unary("Upgrade", { image: "ghcr.io/siderolabs/installer:v1.13.3" });
  await cluster.until(0, (node) => node.version === "v1.13.3" && node.reachable);
  expect(await refusal(client.unary("Upgrade", { image: "ghcr.io/siderolabs/installer" }))).toEqual({
    code: "UNKNOWN",
    details: expect.stringMatching(/^error validating installer image "ghcr.io.*: not found$/),
  });
});

test("an upgrade of a Talos that has only the older method", async () => {
  const older = await TestCluster.start({
    nodes: [{ name: "w" }],
    platform: "nocloud",
    mediumVersion: "v1.12.4",
  });
  await older.configureControlPlane(0);
  const client = older.secure(0);
  const imageRef = `${FACTORY_INSTALLER}:v1.13.3`;
  expect(await refusal(client.collect("machine.ImageService/Pull", { imageRef }))).toEqual({
    code: "UNIMPLEMENTED",
    details: "unknown service machine.ImageService",
  });
  await client.unary("Upgrade", { image: imageRef });
  await older.until(0, (node) => node.version === "v1.13.3" && node.reachable);
  await older.secure(0).collect("machine.ImageService/Pull", { imageRef });
  await older.stop();
});

test("an image has to be pulled before it is installed", async () => {
  const imageName = `${FACTORY_INSTALLER}:v1.13.3`;
  const install = cluster.secure(0).collect("machine.LifecycleService/Upgrade", { source: { imageName } });
  expect(await refusal(install)).toEqual({
    code: "INTERNAL",
    details: expect.stringContaining("not found in containerd store"),
  });
});

test("services: etcd runs after the bootstrap only", async () => {
  const client = cluster.secure(0);
  const etcd = async () => {
    const [{ services }] = (await client.unary("ServiceList")).messages;
    const found = services.find(({ id }: { id: string }) => id === "etcd");
    return [found.state, found.health.healthy, found.events.events.at(-1).state];
  };
  expect(await etcd()).toEqual(["Preparing", false, "Preparing"]);
  await client.unary("Bootstrap");
  expect(await etcd()).toEqual(["Running", true, "Running"]);
  const { memtotal } = (await client.unary("Memory")).messages[0].meminfo;
  expect(Number(memtotal) * 1024).toBeGreaterThan(1698 * 2 ** 20);
});

test("resources: types that are served, and resources that do not exist", async () => {
  const client = cluster.secure(0);
  const get = (namespace: string, type: string, id: string) =>
    client.unary("cosi.resource.State/Get", { namespace, type, id });
  const { resource } = await get("config", "MachineConfigs.config.talos.dev", "v1alpha1");
  expect(resource.metadata).toMatchObject({ version: "1", phase: "running", id: "v1alpha1" });
  await get("runtime", "VolumeStatuses.block.talos.dev", "EPHEMERAL");
  expect((await refusal(get("runtime", "VolumeStatuses.block.talos.dev", "NONE"))).code).toBe("NOT_FOUND");
  expect(await refusal(get("runtime", "Links.net.talos.dev", "lo"))).toEqual({
    code: "PERMISSION_DENIED",
    details: 'resource type "Links.net.talos.dev" is not supported',
  });
  const diagnostics = { namespace: "runtime", type: "Diagnostics.runtime.talos.dev" };
  expect(await client.collect("cosi.resource.State/List", diagnostics)).toEqual([]);
});

test("a watch sends the existing resources and stays open until the node goes down", async () => {
  const request = {
    namespace: "runtime",
    type: "MachineStatuses.runtime.talos.dev",
    id: "machine",
    apiVersion: 1,
  };
  const seen = [];
  try {
    for await (const { event } of cluster.secure(0).stream("cosi.resource.State/Watch", request)) {
      seen.push(event.map(({ eventType }: { eventType: string }) => eventType));
      if (seen.length === 2) await cluster.talos.control.setPower("cp", "off");
    }
  } catch (error) {
    seen.push((error as Error).message);
  }
  expect(seen).toEqual([[], ["CREATED"], expect.stringContaining("UNAVAILABLE")]);
});
