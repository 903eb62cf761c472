import { refusal } from "./support/client";
import { DISKS, TestCluster } from "./support/cluster";

const lines: string[] = [];
let cluster: TestCluster;
beforeEach(async () => {
  lines.length = 0;
  cluster = await TestCluster.start({
    nodes: [{ name: "a" }, { name: "b" }],
    onCall: (line) => lines.push(line),
  });
});
afterEach(() => cluster.stop());

test("a node that cannot be reached, until the fault is removed", async () => {
  const { control } = cluster.talos;
  await cluster.insecure(0).unary(DISKS);
  const id = await control.addFault({ kind: "unreachable", node: "a" });
  expect(await refusal(cluster.insecure(0).unary(DISKS))).toEqual({
    code: "UNAVAILABLE",
    details: expect.stringContaining("ECONNREFUSED"),
  });
  expect([cluster.node(0).reachable, cluster.node(1).reachable]).toEqual([false, true]);
  await control.removeFaults(id);
  await cluster.insecure(0).unary(DISKS);
});

test("an answer instead of the real one, for the requested number of calls", async () => {
  const { control } = cluster.talos;
  await control.addFault({
    kind: "status",
    status: "UNIMPLEMENTED",
    message: "not today",
    node: "a",
    method: "Version",
    skip: 1,
    times: 2,
  });
  const client = cluster.insecure(0);
  const results = [];
  for (let n = 0; n < 4; n++) {
    results.push(
      await client.unary("Version").then(
        () => "OK",
        ({ code }) => code,
      ),
    );
  }
  expect(results).toEqual(["OK", 12, 12, "OK"]);
  await cluster.insecure(1).unary("Version");
  expect(control.listFaults()).toMatchObject([{ struck: 2 }]);
});

test("a late answer", async () => {
  await cluster.talos.control.addFault({
    kind: "delay",
    delayMs: 300,
    method: "storage.StorageService/Disks",
  });
  const begun = performance.now();
  await cluster.insecure(0).unary(DISKS);
  expect(performance.now() - begun).toBeGreaterThan(290);
});

test.each(["before", "after"] as const)(
  "a connection that is cut %s the call is carried out",
  async (when) => {
    await cluster.configureControlPlane(0);
    const client = cluster.secure(0);
    await cluster.talos.control.addFault({ kind: "drop", when, method: "Bootstrap" });
    expect((await refusal(client.unary("Bootstrap"))).code).toBe("UNAVAILABLE");
    const again = cluster.secure(0).unary("Bootstrap");
    // Clients that retry get this answer.
    if (when === "after") expect((await refusal(again)).code).toBe("ALREADY_EXISTS");
    else await again;
  },
);

test("an invalid fault is refused", async () => {
  const { control } = cluster.talos;
  await expect(control.addFault({ kind: "unreachable", node: "c" })).rejects.toThrow(
    'no node "c"; there are a, b',
  );
  await expect(control.addFault({ kind: "delay", delayMs: 0 })).rejects.toThrow("delayMs");
});

test("a line for each call", async () => {
  await cluster.insecure(1).unary("Version");
  await refusal(cluster.insecure(1).unary("Bootstrap"));
  expect(lines).toEqual([
    expect.stringMatching(/^b machine\.MachineService\/Version os:reader OK \d+ ms$/),
    expect.stringMatching(/^b machine\.MachineService\/Bootstrap os:reader PERMISSION_DENIED \d+ ms$/),
  ]);
});
