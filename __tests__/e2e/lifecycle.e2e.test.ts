import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";

const AGENT = { schematic: { extensions: ["siderolabs/qemu-guest-agent"] }, agent: true };
const PASSPHRASE = "a passphrase that nobody guesses";
const address = (name: string) => `proxmox_virtual_environment_vm.${name}`;

/** One cluster through its life: each test goes on where the one before it left off. */
describe.each<[string, Partial<ClusterStackProps>, string]>([
  [
    "from disk images on shared storage",
    { proxmox: { imageStorage: "nfs", sharedStorages: ["nfs"] } },
    "ceph",
  ],
  ["from ISO files on each host", { proxmox: { imageStorage: "local" }, bootMode: "iso" }, "local-lvm"],
])("a cluster %s", (_, more, storage) => {
  let deployment: Deployment;
  const on = (host: string) => ({ ...AGENT, host, disk: { storage, sizeGiB: 20 } });
  const initial = cluster(
    [
      controlPlane(1, on("pve1")),
      controlPlane(2, on("pve2")),
      controlPlane(3, on("pve3")),
      worker(1, on("pve1")),
    ],
    { ...more, state: { backend: "local", encryption: { provider: "pbkdf2" } } },
  );
  const withNode = (name: string, change: object): ClusterStackProps => ({
    ...initial,
    nodes: initial.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)),
  });

  beforeAll(async () => {
    deployment = await Deployment.start();
    deployment.env.TF_VAR_state_passphrase = PASSPHRASE;
  });
  afterAll(() => deployment?.stop());

  test("an apply creates every VM once, running, where it belongs", async () => {
    await deployment.deploy(initial);
    const guests = await deployment.guests();
    expect([...guests.values()].map(({ vmid, node, status }) => [vmid, node, status])).toEqual([
      [7011, "pve1", "running"],
      [7012, "pve2", "running"],
      [7013, "pve3", "running"],
      [7021, "pve1", "running"],
    ]);
  });

  test("a second plan is empty, with and without a refresh", async () => {
    expect(await deployment.project.plannedActions()).toEqual({});
    expect((await deployment.project.plan("-refresh=false")).exitCode).toBe(0);
  });

  test("state and plan hold neither a node's name nor a secret", () => {
    const secrets = [PASSPHRASE, deployment.proxmox.token, deployment.proxmox.token.split("=")[1] ?? ""];
    for (const text of [deployment.project.rawState(), deployment.project.rawPlan()]) {
      for (const secret of ["cp-1", "worker-1", "10.20.1.11", ...secrets]) expect(text).not.toContain(secret);
    }
  });

  test("more memory is an update in place that restarts nothing", async () => {
    const started = (await deployment.guests()).get(7021)?.started;
    const props = withNode("worker-1", { memoryMiB: 16384 });
    expect(await deployment.replan(props)).toEqual({ [address("worker-1")]: ["update"] });
    await deployment.deploy(props);
    const guest = (await deployment.guests()).get(7021);
    expect(guest?.pending).toMatchObject({ memory: "16384" });
    expect([guest?.status, guest?.started]).toEqual(["running", started]);
    expect(await deployment.project.plannedActions()).toEqual({});
  });

  test("a bigger disk and another one are updates in place", async () => {
    const props = withNode("worker-1", {
      memoryMiB: 16384,
      disk: { storage, sizeGiB: 40 },
      dataDisks: [{ storage, sizeGiB: 100, serial: "data-1" }],
    });
    expect(await deployment.replan(props)).toEqual({ [address("worker-1")]: ["update"] });
    await deployment.deploy(props);
    const config = (await deployment.guests()).get(7021)?.config;
    expect(config?.scsi0).toContain("size=40G");
    expect(config?.scsi1).toContain("size=100G");
    expect(await deployment.project.plannedActions()).toEqual({});
  });

  test("a smaller disk is refused, and nothing is lost", async () => {
    deployment.write(withNode("worker-1", { memoryMiB: 16384, disk: { storage, sizeGiB: 20 } }));
    const { exitCode, output } = await deployment.project.apply();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/shrink/i);
    expect((await deployment.guests()).get(7021)?.config.scsi0).toContain("size=40G");
  });

  test("a new release downloads an image and replaces no VM", async () => {
    const planned = await deployment.replan({ ...initial, talosVersion: "v1.13.1" });
    const vms = Object.entries(planned).filter(([name]) => name.startsWith(address("")));
    for (const [, actions] of vms) expect(actions).toEqual(["update"]);
    expect(Object.keys(planned).some((name) => name.startsWith("proxmox_download_file."))).toBe(true);

    await deployment.deploy({ ...initial, talosVersion: "v1.13.1" });
    const volumes = (await deployment.control.listVolumes()).map(({ id }) => id);
    for (const { config } of (await deployment.guests()).values()) {
      const iso = String(config.ide2).split(",")[0] ?? "";
      if (iso.includes(".iso")) expect(volumes).toContain(iso);
    }
    expect(await deployment.project.plannedActions()).toEqual({});
  });

  test("a worker comes and goes, and nothing else moves", async () => {
    const props = { ...initial, talosVersion: "v1.13.1" };
    const grown = { ...props, nodes: [...props.nodes, worker(2, on("pve2"))] };
    expect(await deployment.replan(grown)).toEqual({ [address("worker-2")]: ["create"] });
    await deployment.deploy(grown);
    expect((await deployment.guests()).get(7022)?.status).toBe("running");

    expect(await deployment.replan(props)).toEqual({ [address("worker-2")]: ["delete"] });
    await deployment.deploy(props);
    expect((await deployment.guests()).has(7022)).toBe(false);
  });

  test("a renamed node keeps its VM", async () => {
    const renamed = {
      ...initial,
      talosVersion: "v1.13.1",
      nodes: initial.nodes.map((n) =>
        n.name === "worker-1" ? { ...n, name: "builder", renamedFrom: n.name } : n,
      ),
    };
    expect(await deployment.replan(renamed)).toEqual({ [address("builder")]: ["update"] });
    await deployment.deploy(renamed);
    expect((await deployment.guests()).get(7021)?.config.name).toBe("builder");

    await deployment.deploy({
      ...renamed,
      nodes: renamed.nodes.map((n) => ({ ...n, renamedFrom: undefined })),
    });
    expect(await deployment.project.plannedActions()).toEqual({});
  });

  test("a destroy without leave is refused and touches nothing; with it, nothing is left", async () => {
    const builder = {
      ...initial,
      nodes: initial.nodes.map((n) => (n.name === "worker-1" ? { ...n, name: "builder" } : n)),
    };
    deployment.write({ ...builder, talosVersion: "v1.13.1" });
    const refused = await deployment.project.destroy();
    expect([refused.exitCode, refused.output]).toEqual([1, expect.stringContaining("cannot be destroyed")]);
    expect((await deployment.guests()).size).toBe(4);

    deployment.write({ ...builder, talosVersion: "v1.13.1", allowReplace: "all" });
    await deployment.project.ok("destroy", "-auto-approve");
    expect(await deployment.control.listGuests()).toEqual([]);
    expect(await deployment.control.listVolumes()).toEqual([]);
  });
});

test("a VM moves to another host with its disks, and HA keeps control planes apart", async () => {
  const deployment = await Deployment.start();
  try {
    const on = (host: string) => ({ ...AGENT, host, disk: { storage: "ceph", sizeGiB: 20 } });
    const shared = { proxmox: { imageStorage: "nfs", sharedStorages: ["nfs", "ceph"], ha: true } };
    const three = ["pve1", "pve2", "pve3"].map((host, n) => controlPlane(n + 1, on(host)));
    const local = worker(1, { host: "pve1", disk: { storage: "local-lvm", sizeGiB: 20 } });
    await deployment.deploy(cluster([...three, local], shared));
    expect(await deployment.project.plannedActions()).toEqual({});

    const moved = cluster([...three, { ...local, host: "pve2" }], shared);
    expect(await deployment.replan(moved)).toEqual({ [address("worker-1")]: ["update"] });
    await deployment.deploy(moved);
    const guest = (await deployment.guests()).get(7021);
    expect([guest?.node, guest?.status]).toEqual(["pve2", "running"]);
    const disks = (await deployment.control.listVolumes()).filter(({ vmid }) => vmid === 7021);
    expect(disks.map(({ node }) => node)).toEqual(disks.map(() => "pve2"));
    expect(await deployment.project.plannedActions()).toEqual({});

    deployment.write({ ...moved, allowReplace: "all" });
    await deployment.project.ok("destroy", "-auto-approve");
    expect(await deployment.control.listGuests()).toEqual([]);
  } finally {
    await deployment.stop();
  }
});
