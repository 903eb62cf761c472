import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestCluster } from "./support/cluster";
import { TalosctlCluster } from "./support/talosctl";

let lab: TalosctlCluster;
let cluster: TestCluster;
beforeAll(async () => {
  lab = await TalosctlCluster.start(["cp-0", "cp-1", "cp-2", "w-0"]);
  ({ cluster } = lab);
  await lab.setUp();
});
afterAll(() => lab.stop());

const ok = (index: number, args: string, through = 0) => lab.ok(index, args, through);
const fails = async (index: number, args: string, text: RegExp) =>
  expect(await lab.on(index, args)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(text) });
/** The cells of the row of a table that starts with the node. */
const row = async (index: number, args: string) =>
  (await ok(index, args))
    .split("\n")
    .find((line) => line.startsWith(`${cluster.node(index).address} `))
    ?.trim()
    .split(/\s{2,}/) ?? [];

describe("etcd", () => {
  it("has three members, one of which leads", async () => {
    const members = await ok(0, "etcd members");
    for (const name of ["cp-0", "cp-1", "cp-2"]) expect(members).toMatch(new RegExp(`${name} .*false`));
    const leaderOf = async (index: number) => (await row(index, "etcd status"))[4];
    const leader = await leaderOf(0);
    expect(leader).toMatch(/^[0-9a-f]{15,16}$/);
    expect(await leaderOf(1)).toBe(leader);
    await ok(0, "etcd forfeit-leadership");
    expect(await leaderOf(0)).not.toBe(leader);
    expect(await ok(0, "get etcdmember")).toMatch(/EtcdMember +local +1 +[0-9a-f]{16}/);
  });

  it("is defragmented one member at a time", async () => {
    expect(await row(1, "etcd status")).toContainEqual(expect.stringMatching(/50\.00%/));
    await ok(1, "etcd defrag");
    expect(await row(1, "etcd status")).toContainEqual(expect.stringMatching(/100\.00%/));
    expect(await row(0, "etcd status")).toContainEqual(expect.stringMatching(/50\.00%/));
    await fails(3, "etcd defrag", /Unimplemented.*only available on control plane nodes/);
  });

  it("has alarms until they are disarmed", async () => {
    await cluster.talos.control.addFault({ kind: "etcd-alarm", node: "cp-2", alarm: "NOSPACE" });
    for (const index of [0, 2]) expect(await ok(index, "etcd alarm list")).toMatch(/[0-9a-f]{16} +NOSPACE/);
    expect(await ok(0, "etcd status")).toMatch(/alarm:NOSPACE/);
    expect(await ok(0, "etcd alarm disarm")).toMatch(/NOSPACE/);
    expect(await ok(0, "etcd alarm list")).toBe("");
  });

  it("keeps a member that lags behind as a learner, which is not healthy and answers nothing but its status", async () => {
    await ok(2, "etcd leave");
    const id = await cluster.talos.control.addFault({ kind: "learner", node: "cp-2" });
    const { bootId } = cluster.node(2);
    await ok(2, "reboot --wait=false");
    await lab.rebooted(2, bootId);
    expect(await ok(0, "etcd members")).toMatch(/cp-2 .*true/);
    expect(await ok(2, "etcd status")).toMatch(/ true +3\.6/);
    await fails(2, "etcd members", /rpc not supported for learner/);
    await fails(0, "health --wait-timeout 1s", /consistent across nodes: 1 error[\s\S]*DeadlineExceeded/);
    // It does not count for the quorum, so that one of two that do is none.
    await cluster.talos.control.setPower("cp-1", "off");
    await fails(0, "etcd members", /no leader/);
    await cluster.talos.control.setPower("cp-1", "on");
    await cluster.talos.control.removeFaults(id);
    expect(await ok(0, "etcd members")).toMatch(/cp-2 .*false/);
  });

  it("without a quorum gives no members and no snapshot, and leaves the cluster unhealthy", async () => {
    const nodes = [1, 2].map((index) => cluster.node(index).name);
    for (const name of nodes) await cluster.talos.control.setPower(name, "off");
    await fails(0, "etcd members", /no leader/);
    await fails(0, `etcd snapshot ${lab.folder}/no.db`, /no leader/);
    await fails(0, "health --wait-timeout 1s", /waiting for etcd to be healthy: 1 error occurred/);
    expect(await ok(0, "etcd status")).toMatch(/no leader/);
    expect(await ok(0, "service")).toMatch(/etcd +Running +Fail/);
    for (const name of nodes) await cluster.talos.control.setPower(name, "on");
    await cluster.until(2, ({ reachable }) => reachable);
  });
});

it("is healthy, with the checks of Kubernetes left out", async () => {
  const { exitCode, stderr } = await lab.on(0, "health --wait-timeout 10s");
  const addresses = [0, 1, 2, 3].map((index) => `"${cluster.node(index).address}"`);
  expect([exitCode, stderr]).toEqual([
    0,
    expect.stringContaining(`discovered nodes: [${addresses.join(" ")}]`),
  ]);
  expect(stderr).toMatch(/waiting for etcd members to be control plane nodes: OK/);
  expect(stderr).toMatch(/waiting for coredns to report ready: SKIP/);
  const named = "health --wait-timeout 1s --control-plane-nodes 127.0.0.2 --worker-nodes 127.0.0.5";
  await fails(0, named, /are not subset of control plane node ips \[127\.0\.0\.2\]/);
  await fails(3, "health", /cluster health check is only available on control plane nodes/);
});

it("makes a talosconfig for a role", async () => {
  await ok(0, `config new ${lab.folder}/reader --roles os:reader --crt-ttl 24h`);
  const info = await ok(0, `config info --talosconfig ${lab.folder}/reader`);
  expect(info).toMatch(/Current context: +reader@test[\s\S]*Roles: +os:reader[\s\S]*2[34] hours from now/);
  await ok(1, `version --talosconfig ${lab.folder}/reader`);
  await fails(1, `reboot --wait=false --talosconfig ${lab.folder}/reader`, /not authorized/);
  await ok(0, `config new ${lab.folder}/backup --roles os:etcd:backup`);
  await ok(0, `etcd snapshot ${lab.folder}/backup.db --talosconfig ${lab.folder}/backup`);
  await fails(0, `etcd defrag --talosconfig ${lab.folder}/backup`, /not authorized/);
});

describe("a snapshot", () => {
  const file = () => join(lab.folder, "etcd.db");
  const info = (text: string) => /hash ([0-9a-f]{8}), revision \d+, total keys \d+/.exec(text)?.[0];
  let taken: string | undefined;

  it("is a database that etcd's own tool reads", async () => {
    const said = await ok(1, `etcd snapshot ${file()}`);
    taken = info(said);
    expect(taken).toMatch(/revision 1, total keys 1/);
    expect(info(await ok(0, `etcd snapshot ${file()}`))).toBe(taken);
  });

  it("brings etcd back on nodes that have lost it", async () => {
    const before = [0, 1, 2].map((index) => cluster.node(index).bootId);
    await fails(0, `bootstrap --recover-from ${file()}`, /AlreadyExists/);
    for (const index of [2, 1, 0]) {
      await ok(
        index,
        "reset --graceful=false --reboot --system-labels-to-wipe EPHEMERAL --wait=false",
        index,
      );
    }
    for (const [index, bootId] of before.entries()) await lab.rebooted(index, bootId);
    await fails(0, "etcd members", /etcd is not running/);

    const damaged = readFileSync(file());
    damaged[damaged.length - 1] = 255 - (damaged.at(-1) ?? 0);
    writeFileSync(`${file()}.damaged`, damaged);
    await fails(0, `bootstrap --recover-from ${file()}.damaged`, /error restoring etcd: expected sha256/);

    expect(info(await ok(0, `bootstrap --recover-from ${file()}`))).toBe(taken);
    const members = await ok(1, "etcd members");
    for (const name of ["cp-0", "cp-1", "cp-2"]) expect(members).toContain(name);
    expect(info(await ok(2, `etcd snapshot ${file()}.again`))).toBe(taken);
  });
});
