import { reviewPlan } from "../../plan";
import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";
import { QUICK_KEY } from "../support/quick-key";

const AGENT = { schematic: { extensions: ["siderolabs/qemu-guest-agent"] }, agent: true };
const PASSPHRASE = "a passphrase that nobody guesses";
const address = (name: string) => `proxmox_virtual_environment_vm.${name}`;

/** The life of a cluster. Each test continues from the state that the previous one has left. */
describe.each<[string, Partial<ClusterStackProps>, string]>([
  [
    "from disk images on shared storage",
    { proxmox: { imageStorage: "nfs", sharedStorages: ["nfs"] } },
    "ceph",
  ],
  [
    "from ISO files on each host, with encrypted state",
    {
      proxmox: { imageStorage: "local" },
      bootMode: "iso",
      state: { backend: "local", encryption: { provider: "pbkdf2" } },
    },
    "local-lvm",
  ],
])("a cluster %s", (_, more, storage) => {
  let deployment: Deployment;
  const on = (host: string) => ({ ...AGENT, host, disk: { storage, sizeGiB: 20 } });
  /** What is deployed. */
  let current = cluster(
    [
      controlPlane(1, on("pve1")),
      controlPlane(2, on("pve2")),
      controlPlane(3, on("pve3")),
      worker(1, on("pve1")),
    ],
    more,
  );
  const withNode = (name: string, change: Partial<ClusterNodeProps>): ClusterStackProps => ({
    ...current,
    nodes: current.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)),
  });
  /** Deploys a change, and expects exactly these actions, a review that refuses these losses, and then an empty plan. */
  async function change(
    props: ClusterStackProps,
    expected: Record<string, string[]>,
    losses: readonly string[] = [],
  ): Promise<void> {
    expect(await deployment.replan(props)).toEqual(expected);
    const { refused } = reviewPlan(await deployment.project.planJson());
    expect(refused.map(({ allow }) => allow)).toEqual(losses);
    await deployment.project.ok("apply", deployment.project.planFile);
    current = props;
    expect((await deployment.project.plan()).exitCode).toBe(0);
  }
  const guest = async (vmId: number) => (await deployment.guests()).get(vmId);

  beforeAll(async () => {
    deployment = await Deployment.start();
    Object.assign(deployment.env, { TF_VAR_state_passphrase: PASSPHRASE, TF_ENCRYPTION: QUICK_KEY });
  });
  afterAll(() => deployment?.stop());

  test("an apply creates every VM once, running, where it belongs", async () => {
    await deployment.deploy(current);
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

  if (more.state) {
    test("state and plan hold neither a node's name nor a secret", () => {
      const secrets = [PASSPHRASE, deployment.proxmox.token, deployment.proxmox.token.split("=")[1] ?? ""];
      for (const text of [deployment.project.rawState(), deployment.project.rawPlan()]) {
        for (const secret of ["cp-1", "worker-1", "10.20.1.11", ...secrets])
          expect(text).not.toContain(secret);
      }
    });
  }

  test("more memory is an update in place that restarts nothing", async () => {
    const started = (await guest(7021))?.started;
    await change(withNode("worker-1", { memoryMiB: 16384 }), { [address("worker-1")]: ["update"] });
    expect(await guest(7021)).toMatchObject({ pending: { memory: "16384" }, status: "running", started });
  });

  test("a bigger disk and another one are updates in place", async () => {
    const bigger = {
      disk: { storage, sizeGiB: 40 },
      dataDisks: [
        { slot: 1, storage, sizeGiB: 100, serial: "data-1" },
        { slot: 2, storage, sizeGiB: 50, serial: "data-2" },
      ],
    };
    await change(withNode("worker-1", bigger), { [address("worker-1")]: ["update"] });
    const config = (await guest(7021))?.config;
    expect(config?.scsi0).toContain("size=40G");
    expect(config?.scsi1).toContain("size=100G");
  });

  test("a disk that goes leaves the ones after it where they are, and the one in its place in the list is a new one", async () => {
    const kept = (await guest(7021))?.config.scsi2;
    const volumes = async () => (await deployment.control.listVolumes()).map(({ id }) => id);
    const before = await volumes();
    const without = withNode("worker-1", {
      dataDisks: [
        { slot: 3, storage, sizeGiB: 30 },
        { slot: 2, storage, sizeGiB: 50, serial: "data-2" },
      ],
    });
    await change(without, { [address("worker-1")]: ["update"] }, ["worker-1/scsi1"]);
    const config = (await guest(7021))?.config;
    expect(config).toMatchObject({ scsi2: kept, scsi3: expect.stringContaining("size=30G") });
    expect(config).not.toHaveProperty("scsi1");
    const [made = ""] = String(config?.scsi3).split(",");
    expect(before).not.toContain(made);
    expect(await volumes()).toContain(made);
    expect(config?.scsi3).not.toContain("serial=");
  });

  test("what was set by hand for a disk is not for the one that comes to its place", async () => {
    const scsi3 = String((await guest(7021))?.config.scsi3);
    const byHand = scsi3.replace(/,backup=\d/, ",backup=1");
    const without = withNode("worker-1", {
      dataDisks: [{ slot: 2, storage, sizeGiB: 50, serial: "data-2" }],
    });
    const refused = async (config: string) => {
      await deployment.control.changeGuest(7021, { config: { scsi3: config } });
      await deployment.replan(without);
      return reviewPlan(await deployment.project.planJson()).refused;
    };
    const gone = { allow: "worker-1/scsi3" };
    expect(await refused(`${byHand},cache=unsafe`)).toMatchObject([
      gone,
      {
        allow: "worker-1/scsi2/settings",
        message: expect.stringContaining("would get cache, backup of scsi3"),
      },
    ]);
    // What the refusal says.
    expect(await refused(scsi3)).toMatchObject([gone]);
  });

  test("a smaller disk is refused, and nothing is lost", async () => {
    deployment.write(withNode("worker-1", { disk: { storage, sizeGiB: 20 } }));
    const { exitCode, output } = await deployment.project.apply();
    expect([exitCode, output]).toEqual([1, expect.stringMatching(/shrink/i)]);
    expect((await guest(7021))?.config.scsi0).toContain("size=40G");
  });

  test("a new release downloads an image, replaces no VM and leaves no drive without its ISO", async () => {
    const next = { ...current, talosVersion: "v1.13.1" };
    const planned = await deployment.replan(next);
    const actions = (prefix: string) =>
      Object.entries(planned).flatMap(([name, each]) => (name.startsWith(prefix) ? each : []));
    expect(new Set(actions("proxmox_download_file."))).toEqual(new Set(["create", "delete"]));
    expect(actions("proxmox_virtual_environment_vm.").filter((each) => each !== "update")).toEqual([]);

    await change(next, planned);
    const volumes = (await deployment.control.listVolumes()).map(({ id }) => id);
    for (const { config } of (await deployment.guests()).values()) {
      const [drive = ""] = String(config.ide2).split(",");
      if (current.bootMode === "iso") expect(drive).toContain("v1.13.1");
      expect(volumes).toContain(drive);
    }
  });

  test("a worker comes and goes, and nothing else moves", async () => {
    const before = current;
    await change(
      { ...current, nodes: [...current.nodes, worker(2, on("pve2"))] },
      { [address("worker-2")]: ["create"] },
    );
    expect((await guest(7022))?.status).toBe("running");
    await change(before, { [address("worker-2")]: ["delete"] }, ["worker-2"]);
    expect(await guest(7022)).toBeUndefined();
  });

  test("a renamed node keeps its VM", async () => {
    await change(withNode("worker-1", { name: "builder", renamedFrom: "worker-1" }), {
      [address("builder")]: ["update"],
    });
    expect((await guest(7021))?.config.name).toBe("builder");
    await change(withNode("builder", { renamedFrom: undefined }), {});
  });

  test("a destroy without leave is refused and touches nothing; with it, nothing is left", async () => {
    const refused = await deployment.project.destroy();
    expect([refused.exitCode, refused.output]).toEqual([1, expect.stringContaining("cannot be destroyed")]);
    expect((await deployment.guests()).size).toBe(4);

    deployment.write({ ...current, allowReplace: "all" });
    expect((await deployment.project.plan("-destroy")).exitCode).toBe(2);
    const losses = reviewPlan(await deployment.project.planJson()).refused.map(({ allow }) => allow);
    expect(losses.sort()).toEqual(["builder", "cp-1", "cp-2", "cp-3", "quorum"]);
    await deployment.project.ok("apply", deployment.project.planFile);
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

test("another disk_storage is refused while the VM runs, and moves all its disks while it is stopped", async () => {
  const deployment = await Deployment.start();
  try {
    const on = (storage: string, tpm = true) =>
      cluster([controlPlane(1, { tpm, disk: { storage, sizeGiB: 10 } })], { bootMode: "iso" });
    await deployment.deploy(on("local-lvm"));
    const storages = async () =>
      new Set(
        (await deployment.control.listVolumes())
          .filter(({ vmid }) => vmid === 7011)
          .map(({ id }) => id.split(":")[0]),
      );

    deployment.write(on("ceph"));
    const refused = await deployment.project.apply();
    expect([refused.exitCode, refused.said]).toEqual([
      1,
      expect.stringContaining(
        "while the VM is running because this change requires the VM to be powered off",
      ),
    ]);
    expect(await storages()).toEqual(new Set(["local-lvm"]));

    await deployment.control.changeGuest(7011, { power: "stop" });
    await deployment.project.ok("apply", "-auto-approve");
    expect(await storages()).toEqual(new Set(["ceph"]));
    expect((await deployment.guests()).get(7011)?.status).toBe("stopped");
    expect(await deployment.project.plannedActions()).toEqual({});

    // The provider would delete the TPM of a VM that is stopped.
    await deployment.replan(on("ceph", false));
    const { refused: losses } = reviewPlan(await deployment.project.planJson());
    expect(losses.map(({ allow }) => allow)).toEqual(["cp-1/tpmstate0"]);
  } finally {
    await deployment.stop();
  }
});
