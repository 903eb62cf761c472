import { once } from "node:events";
import { connect } from "node:tls";
import { refusal } from "./support/client";
import { TestCluster } from "./support/cluster";
import { type MainDocument, machineConfig } from "./support/machine-config";

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start({ nodes: [{ name: "cp" }] });
  await cluster.configureControlPlane(0);
});
afterEach(() => cluster.stop());

type Change = (main: MainDocument) => void;
const swap: Change = ({ machine }) => Object.assign(machine.sysctls, { "vm.swappiness": "1" });
const addFile: Change = ({ machine }) => machine.files.push({ path: "/var/a", content: "x", op: "create" });

const apply = (change: Change, request: object = {}) => {
  const data = Buffer.from(machineConfig(cluster.secrets, "controlplane", { change }));
  return cluster.secure(0).unary("ApplyConfiguration", { mode: "AUTO", data, ...request });
};

async function running(): Promise<string> {
  const request = { namespace: "config", type: "MachineConfigs.config.talos.dev", id: "v1alpha1" };
  const { resource } = await cluster.secure(0).unary("cosi.resource.State/Get", request);
  return resource.spec.protoSpec.toString();
}

test("that needs no reboot takes effect at once", async () => {
  const { bootId } = cluster.node(0);
  expect((await apply(swap)).messages).toMatchObject([
    { mode: "NO_REBOOT", modeDetails: "Applied configuration without a reboot" },
  ]);
  expect(await running()).toContain("vm.swappiness");
  expect(cluster.node(0).bootId).toBe(bootId);
});

test("that needs a reboot causes one, and a dry run says so", async () => {
  const { bootId } = cluster.node(0);
  expect((await apply(addFile, { dryRun: true })).messages[0].mode).toBe("REBOOT");
  expect([cluster.node(0).bootId, (await running()).includes("/var/a")]).toEqual([bootId, false]);

  const [answer] = (await apply(addFile)).messages;
  expect(answer).toMatchObject({
    mode: "REBOOT",
    modeDetails: expect.stringMatching(/with a reboot: .*\ndiff:\n--- a\n/),
  });
  await cluster.until(0, (node) => node.bootId !== bootId && node.reachable);
  expect(await running()).toContain("/var/a");
});

test("is refused while a reboot for another one is on its way", async () => {
  const client = cluster.secure(0);
  const data = Buffer.from(machineConfig(cluster.secrets, "controlplane", { change: addFile }));
  const both = [1, 2].map(() => client.unary("ApplyConfiguration", { mode: "AUTO", data }));
  const [first, second] = await Promise.allSettled(both);
  expect(first).toMatchObject({ value: { messages: [{ mode: "REBOOT" }] } });
  expect(second).toMatchObject({
    reason: { details: expect.stringContaining("was already applied and node is rebooting") },
  });
});

test("in mode no-reboot is refused if it needs one", async () => {
  expect(await refusal(apply(addFile, { mode: "NO_REBOOT" }))).toEqual({
    code: "INVALID_ARGUMENT",
    details: expect.stringMatching(/^this config change can't be applied in immediate mode\ndiff:\n--- a\n/),
  });
});

test("that is staged waits for the next boot", async () => {
  const { bootId } = cluster.node(0);
  await apply(swap, { mode: "STAGED" });
  expect(await running()).not.toContain("vm.swappiness");
  await cluster.secure(0).unary("Reboot");
  await cluster.until(0, (node) => node.bootId !== bootId && node.reachable);
  expect(await running()).toContain("vm.swappiness");
});

test("of its names gives it another certificate", async () => {
  await apply(({ machine }) => machine.certSANs.push("cp.example.com", "10.20.1.5"));
  const [host, port] = cluster.node(0).endpoint.split(":");
  const { admin, secrets } = cluster;
  const socket = connect({
    host,
    port: Number(port),
    ca: secrets.os.crt,
    cert: admin.crt,
    key: admin.key,
    ALPNProtocols: ["h2"],
  });
  await once(socket, "secureConnect");
  expect(socket.getPeerCertificate().subjectaltname).toBe(
    `IP Address:${host}, IP Address:10.20.1.5, DNS:cp, DNS:cp.example.com`,
  );
  socket.destroy();
});

describe("a watch sends what a change does", () => {
  /** The events of a resource from before the change, each with the version. */
  async function eventsOf(resource: object, change: Change, count: number): Promise<readonly string[]> {
    const events: string[] = [];
    const stream = cluster.secure(0).stream("cosi.resource.State/Watch", { ...resource, apiVersion: 1 });
    for await (const { event } of stream) {
      for (const { eventType, resource } of event) events.push(`${eventType} ${resource.metadata.version}`);
      if (event.length > 0 && events.length === 1) await apply(change);
      if (events.length === count) break;
    }
    stream.cancel();
    return events;
  }

  test("to a static pod: another version of what it is made of", async () => {
    const id = "kube-scheduler";
    const type = "SchedulerConfigs.kubernetes.talos.dev";
    const image: Change = ({ cluster }) =>
      Object.assign(cluster, { scheduler: { image: "registry.k8s.io/kube-scheduler:v1.35.1" } });
    const resource = { namespace: "controlplane", type, id };
    expect(await eventsOf(resource, image, 2)).toEqual(["CREATED 1", "UPDATED 2"]);
  });

  test("to the image of the kubelet: it goes and comes back", async () => {
    const image: Change = ({ machine }) =>
      Object.assign(machine.kubelet, { image: "ghcr.io/siderolabs/kubelet:v1.35.1" });
    const resource = { namespace: "runtime", type: "Services.v1alpha1.talos.dev", id: "kubelet" };
    expect(await eventsOf(resource, image, 3)).toEqual(["CREATED 1", "DESTROYED 1", "CREATED 1"]);
  });
});
