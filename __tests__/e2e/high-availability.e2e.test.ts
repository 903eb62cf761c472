import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";

const HOSTS = ["pve1", "pve2", "pve3"];
const onCeph = (host: string) => ({ host, disk: { storage: "ceph", sizeGiB: 10 } });
const address = (name: string) => `proxmox_virtual_environment_vm.${name}`;

let deployment: Deployment;
let api: ApiClient;
beforeAll(async () => {
  deployment = await Deployment.start();
  api = new ApiClient(deployment.proxmox);
});
afterAll(() => deployment.stop());

const rules = async () =>
  Object.fromEntries(
    (await api.ok(api.get("/cluster/ha/rules"))).map(({ rule, resources }: Record<string, string>) => [
      rule,
      resources,
    ]),
  );
const hosts = async () =>
  Object.fromEntries([...(await deployment.guests())].map(([vmid, { node }]) => [vmid, node]));

/** A cluster from the ISO on local storage to HA. Each test continues from the state that the previous one has left. */
describe("from an ISO on local storage to HA", () => {
  const nodes = (each: Partial<ClusterNodeProps> = {}): ClusterNodeProps[] => [
    ...HOSTS.map((host, n) => controlPlane(n + 1, { ...onCeph(host), ...each })),
    ...["pve1", "pve2", "pve3", "pve1"].map((host, n) => worker(n + 1, { ...onCeph(host), ...each })),
  ];
  const props = (of: readonly ClusterNodeProps[]): ClusterStackProps =>
    cluster(of, {
      bootMode: "iso",
      proxmox: { imageStorage: "local", sharedStorages: ["ceph"], ha: true },
    });
  const drives = async () => [...(await deployment.guests()).values()].map(({ config }) => config.ide2);

  test("a new VM without its ISO is refused, since nothing could be installed", async () => {
    deployment.write(props(nodes({ ejectIso: true })));
    await deployment.project.ok("init");
    const { exitCode, said } = await deployment.project.apply();
    expect([exitCode, said.replace(/[│╷╵] ?/g, "")]).toEqual([
      1,
      expect.stringContaining(
        'node "cp-1" has no VM yet, and a new one has nothing to boot from without the ISO. nothing was changed. set eject_iso: false for this node',
      ),
    ]);
    expect(await deployment.control.listGuests()).toEqual([]);
  });

  test("with the ISO no VM is under HA", async () => {
    await deployment.deploy(props(nodes()));
    expect(await deployment.project.plannedActions()).toEqual({});
    expect(await api.ok(api.get("/cluster/ha/resources"))).toEqual([]);
  });

  test("the ISO is taken out of running VMs and nothing else is touched, node by node", async () => {
    const before = await deployment.guests();
    const one = nodes().map((node) => ({ ...node, ejectIso: node.name === "worker-4" }));
    expect(await deployment.replan(props(one))).toEqual({
      [address("worker-4")]: ["update"],
      "proxmox_haresource.worker-4": ["create"],
    });
    await deployment.project.ok("apply", deployment.project.planFile);
    expect(await deployment.project.plannedActions()).toEqual({});

    await deployment.deploy(props(nodes({ ejectIso: true })));
    expect(await deployment.project.plannedActions()).toEqual({});
    expect(await drives()).toEqual(nodes().map(() => "none,media=cdrom"));
    for (const [vmid, guest] of await deployment.guests()) {
      const { config, ...rest } = before.get(vmid) ?? guest;
      expect(guest).toEqual({ ...rest, config: { ...config, ide2: "none,media=cdrom" } });
    }
  });

  test("the VMs are under HA, those on different hosts are kept apart", async () => {
    expect(await rules()).toEqual({
      "cluster-controlplane": "vm:7011,vm:7012,vm:7013",
      "cluster-worker": "vm:7022,vm:7023",
    });
    expect((await api.ok(api.get("/cluster/ha/resources"))).length).toBe(7);
  });

  test("a VM that HA has moved stays where it is, and later changes go there", async () => {
    await api.ok(api.post("/cluster/ha/resources/vm:7024/migrate", { node: "pve2" }));
    const moved = await hosts();
    expect(moved[7024]).toBe("pve2");
    expect(await deployment.project.plannedActions()).toEqual({});

    const more = nodes({ ejectIso: true }).map((node) =>
      node.name === "worker-4" ? { ...node, memoryMiB: 4096, tags: ["moved"] } : node,
    );
    expect(await deployment.replan(props(more))).toEqual({ [address("worker-4")]: ["update"] });
    await deployment.project.ok("apply", deployment.project.planFile);
    expect(await hosts()).toEqual(moved);
    expect((await deployment.guests()).get(7024)).toMatchObject({
      pending: { memory: "4096" },
      config: { tags: "moved;talos" },
    });
    expect(await deployment.project.plannedActions()).toEqual({});

    // Proxmox stops a VM under HA by its resource, and an apply must not start it.
    await api.ok(api.put("/cluster/ha/resources/vm:7023", { state: "stopped" }));
    expect(await deployment.project.plannedActions()).toEqual({});
  });
});
