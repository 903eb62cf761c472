import type { TestCluster } from "./support/cluster";
import { TalosctlCluster } from "./support/talosctl";

// The protocol of the stand-in, driven from outside: a wrong field number or a missing call cannot pass here.
const NODES = ["cp-0", "cp-1", "cp-2", "w-0"];

let lab: TalosctlCluster;
let cluster: TestCluster;
beforeAll(async () => {
  lab = await TalosctlCluster.start(NODES);
  ({ cluster } = lab);
});
afterAll(() => lab.stop());

const on = (index: number, args: string) => lab.on(index, args);
const ok = (index: number, args: string) => lab.ok(index, args);

it("lists disks in maintenance, and applies a configuration there", async () => {
  for (const index of NODES.keys()) {
    expect(await lab.insecure(index, "get disks")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/NODE +NAMESPACE +TYPE +ID[\s\S]*runtime +Disk +sda/),
    });
    expect(await lab.insecure(index, `apply-config -f ${lab.writeConfig(index)}`)).toMatchObject({
      exitCode: 0,
    });
    await cluster.until(index, (node) => node.condition === "RUNNING" && node.reachable);
  }
});

it("bootstraps once, and says so the second time", async () => {
  expect(await on(3, "bootstrap")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/bootstrap is only available on control plane nodes/),
  });
  await ok(0, "bootstrap");
  expect(await on(0, "bootstrap")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/code = AlreadyExists desc = etcd data directory is not empty/),
  });
  await cluster.until(2, ({ etcdMember }) => etcdMember !== undefined);
});

it("tells versions, times, services and logs", async () => {
  expect(await ok(3, "version --short")).toMatch(/Server:\n\s+NODE: .*\n\s+Talos v1\.13\.0|Tag: +v1\.13\.0/);
  expect(await ok(0, "time")).toMatch(/NTP-SERVER/);
  expect(await ok(0, "service")).toMatch(/etcd +Running +OK/);
  expect(await ok(0, "service kubelet restart")).toMatch(/Service "kubelet" restarted/);
  for (const args of ["service apid stop", "service etcd restart"]) {
    expect(await on(0, args)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/doesn't support \w+ operation via API/),
    });
  }
  expect(await ok(0, "logs kubelet")).toMatch(/kubelet is Running/);
  expect((await on(0, "logs nothing")).exitCode).toBe(1);
  expect(await ok(0, "dmesg")).toMatch(/Talos v1\.13\.0/);
  expect(await ok(0, "memory")).toMatch(/TOTAL/);
});

it("lists resources by all their names", async () => {
  expect(await ok(0, "get rd")).toMatch(/nodenames\.kubernetes\.talos\.dev/);
  expect(await ok(1, "get nodename")).toMatch(/k8s +Nodename +nodename +1 +cp-1/);
  expect(await ok(1, "get nodenames.kubernetes.talos.dev -o jsonpath={.spec.nodename}")).toMatch(/cp-1/);
  expect(await ok(0, "get machinestatus")).toMatch(/running +true/);
  expect(await ok(0, "get machinetype -o jsonpath={.spec}")).toMatch(/controlplane/);
  expect(await ok(3, "get hostname")).toMatch(/HostnameStatus +hostname +1 +w-0/);
  expect(await ok(0, "get svc etcd")).toMatch(/Service +etcd +\d+ +true +true +false/);
  expect(await ok(3, "get systemdisk")).toMatch(/SystemDisk +system-disk +1 +sda/);
  expect(await ok(3, "get version")).toMatch(/Version +version +1 +Talos +v1\.13\.0/);
  const members = JSON.parse(`[${(await ok(0, "get members -o json")).replace(/}\n{/g, "},{")}]`);
  expect(members.map(({ spec }: { spec: object }) => spec)).toContainEqual(
    expect.objectContaining({ hostname: "w-0", machineType: "worker", addresses: [cluster.node(3).address] }),
  );
  expect(await ok(0, "get vs")).toMatch(/EPHEMERAL +1 +partition +ready +\/dev\/sda4 +64 GB/);
  expect(await ok(0, "get mc v1alpha1 -o yaml")).toMatch(/type: controlplane/);
  expect(JSON.parse(await ok(0, "get disks sda -o json"))).toMatchObject({ spec: { dev_path: "/dev/sda" } });
  expect(await on(0, "get nonsense")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/resource "nonsense" is not registered/),
  });
});

it("waits for a reboot, and sees another boot ID", async () => {
  const { bootId } = cluster.node(1);
  expect(await ok(1, "reboot --timeout 60s")).toBeDefined();
  expect(cluster.node(1).bootId).not.toBe(bootId);
  await cluster.until(1, ({ reachable }) => reachable);
});

it("gives talosctl all that it asks for before it turns to Kubernetes", async () => {
  const { exitCode, stderr } = await on(0, "health --server=false --wait-timeout 4s");
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("all nodes to finish boot sequence: OK")]);
  for (const what of ["etcd members to be control plane nodes", "all nodes memory sizes", "no diagnostics"]) {
    expect(stderr).toContain(`waiting for ${what}: OK`);
  }
});

it("streams from several nodes", async () => {
  const nodes = [0, 3].map((index) => cluster.node(index).address);
  const logs = await lab.run(["logs", "etcd", "-e", cluster.node(0).endpoint, "-n", nodes.join(",")]);
  expect(logs.stdout).toContain(`${nodes[0]}: etcd is Running`);
  expect(logs.stderr).toContain('log "etcd" was not registered');
});

it("resets a node, which leaves etcd and is off, and then in maintenance", async () => {
  await ok(2, "reset --graceful --timeout 60s --system-labels-to-wipe STATE,EPHEMERAL");
  await cluster.until(2, ({ condition }) => condition === "OFF");
  expect(await ok(0, "etcd members")).not.toMatch(/cp-2/);
  await cluster.talos.control.setPower("cp-2", "on");
  expect(cluster.node(2)).toMatchObject({ condition: "MAINTENANCE", reachable: true });
  expect((await lab.insecure(2, `apply-config -f ${lab.writeConfig(2)}`)).exitCode).toBe(0);
  await cluster.until(2, ({ etcdMember }) => etcdMember !== undefined);
  expect(await ok(0, "etcd members")).toMatch(/cp-2/);
});

it("leaves etcd, and is removed from it", async () => {
  await ok(2, "etcd leave");
  expect(await ok(0, "etcd members")).not.toMatch(/cp-2/);
  const id = /(\S+) +cp-1 /.exec(await ok(0, "etcd members"))?.[1] ?? "";
  await ok(0, `etcd remove-member ${id}`);
  expect(await ok(0, "etcd members")).not.toMatch(/cp-1/);
  expect(await on(0, `etcd remove-member ${id}`)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/member not found/),
  });
});

it("tells of several nodes which have failed, with codes as Go writes them", async () => {
  await cluster.talos.control.setPower("cp-2", "off");
  const nodes = [0, 2, 3].map((index) => cluster.node(index).address).join(",");
  const { exitCode, stdout, stderr } = await lab.run([
    ...["etcd", "status", "-e", cluster.node(0).endpoint, "-n", nodes],
  ]);
  // talosctl counts it as success where one node has answered.
  expect(exitCode).toBe(0);
  expect(stdout).toContain(cluster.node(0).address);
  const [, off, worker] = nodes.split(",");
  expect(stderr).toContain(`${off}: rpc error: code = Unavailable desc = connection error:`);
  expect(stderr).toContain(
    `${worker}: rpc error: code = Unimplemented desc = etcd status is only available on control plane nodes`,
  );
});

it("shuts down, and waits for it", async () => {
  await ok(3, "shutdown --timeout 60s");
  expect(cluster.node(3)).toMatchObject({ condition: "OFF" });
});
