import { refusal } from "./support/client";
import { DISKS, TestCluster } from "./support/cluster";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const WIPE = ["STATE", "EPHEMERAL"].map((label) => ({ label, wipe: true }));

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.stop());

/** The types of the events of an actor, until the stream breaks off; then what it broke off with. */
async function follow(index: number, method: string, request: object): Promise<readonly string[]> {
  const client = cluster.secure(index);
  const stream = client.stream("Events", { tailEvents: 0 });
  const seen: string[] = [];
  let actor: string | undefined;
  try {
    for await (const { data, actorId } of stream) {
      if (data === null) {
        actor = (await client.unary(method, request)).messages[0].actorId;
      } else if (actorId === actor) {
        const text = data.value.toString("latin1").replace(/[^\w :,]/g, "");
        seen.push(`${data.type_url.replace("talos/runtime/machine.", "")} ${text}`);
        if (text.includes("sequence failed")) break;
      }
    }
  } catch (error) {
    seen.push((error as { details: string }).details);
  }
  return seen;
}

test("reset wipes the node and brings it back in maintenance, with another boot id", async () => {
  await cluster.configureControlPlane(0);
  await cluster.secure(0).unary("Bootstrap");
  const [{ bytes }] = await cluster.secure(0).collect("Read", { path: BOOT_ID });
  expect(bytes.toString()).toBe(`${cluster.node(0).bootId}\n`);

  const seen = await follow(0, "Reset", { reboot: true, systemPartitionsToWipe: WIPE });
  expect(seen).toContainEqual(expect.stringMatching(/^TaskEvent .*stopAllServices$/));
  expect(seen.at(-1)).toBe("error reading from server: EOF");
  await cluster.until(0, ({ condition, reachable }) => condition === "MAINTENANCE" && reachable);
  expect(cluster.node(0)).toMatchObject({ etcdMember: undefined, type: undefined, version: "v1.13.2" });
  expect(`${cluster.node(0).bootId}\n`).not.toBe(bytes.toString());
  await cluster.insecure(0).unary(DISKS);

  // It can join a cluster again.
  await cluster.configureControlPlane(0);
  await cluster.secure(0).unary("Bootstrap");
});

test("without a reboot it stays off", async () => {
  await cluster.configureControlPlane(0);
  await follow(0, "Reset", { systemPartitionsToWipe: WIPE });
  await cluster.until(0, ({ condition }) => condition === "OFF");
  expect((await refusal(cluster.insecure(0).unary(DISKS))).code).toBe("UNAVAILABLE");
  await cluster.talos.control.setPower("node-1", "on");
  await cluster.insecure(0).unary(DISKS);
});

test("a graceful reset leaves etcd, which the last member cannot", async () => {
  await cluster.configureControlPlane(0, "cp-1");
  await cluster.configureControlPlane(1, "cp-2");
  await cluster.secure(0).unary("Bootstrap");
  const request = { graceful: true, reboot: true, systemPartitionsToWipe: WIPE };
  await follow(1, "Reset", request);
  await cluster.until(1, ({ condition, reachable }) => condition === "MAINTENANCE" && reachable);
  const [{ members }] = (await cluster.secure(0).unary("EtcdMemberList")).messages;
  expect(members.map(({ hostname }: { hostname: string }) => hostname)).toEqual(["cp-1"]);

  const seen = await follow(0, "Reset", request);
  expect(seen.at(-1)).toMatch(
    /^SequenceEvent .*etcdserver: re-?configuration failed due to not enough started/,
  );
  expect(cluster.node(0).condition).toBe("RUNNING");
});

test("a member that was wiped ungracefully stays in the list until it is back", async () => {
  await cluster.configureControlPlane(0, "cp-1");
  await cluster.configureControlPlane(1, "cp-2");
  await cluster.configureControlPlane(2, "cp-3");
  await cluster.secure(0).unary("Bootstrap");
  await cluster.until(2, (node) => node.etcdMember !== undefined);
  const { etcdMember } = cluster.node(1);
  const members = async () =>
    (await cluster.secure(0).unary("EtcdMemberList")).messages[0].members.map(({ id }: { id: string }) => id);
  await follow(1, "Reset", { reboot: true, systemPartitionsToWipe: WIPE });
  await cluster.until(1, ({ condition, reachable }) => condition === "MAINTENANCE" && reachable);
  expect(await members()).toContain(etcdMember);
  await cluster.configureControlPlane(1, "cp-2");
  const back = [0, 2, 1].map((index) => cluster.node(index).etcdMember);
  expect(await members()).toEqual(back);
  expect(back).not.toContain(etcdMember);
});

test("a reboot keeps everything but the boot id", async () => {
  await cluster.configureControlPlane(0);
  await cluster.secure(0).unary("Bootstrap");
  const before = cluster.node(0);
  const seen = await follow(0, "Reboot", {});
  expect(seen).toContainEqual(expect.stringMatching(/^SequenceEvent .*reboot/));
  await cluster.until(0, ({ bootId, reachable }) => bootId !== before.bootId && reachable);
  expect(cluster.node(0)).toEqual({ ...before, bootId: expect.not.stringContaining(before.bootId) });
  // Who connects again sees that it is ready.
  const stream = cluster.secure(0).stream("Events", { tailEvents: -1 });
  for await (const { data } of stream) {
    if (data?.type_url === "talos/runtime/machine.MachineStatusEvent") break;
  }
  stream.cancel();
});
