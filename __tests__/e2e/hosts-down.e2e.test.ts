import { join } from "node:path";
import { loadCluster } from "../../config";
import { EXCLUDE_HOSTS_DOWN } from "../../domain/hosts-down";
import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane } from "../support/nodes";

const address = (name: string) => `proxmox_virtual_environment_vm.${name}`;

let deployment: Deployment;
afterEach(() => deployment?.stop());

/** The requests to Proxmox that change something. */
const writes = async () =>
  (await deployment.control.listRequests()).filter(({ method }) => method !== "GET").map(({ path }) => path);
const said = async (running: Promise<{ exitCode: number; said: string }>) => {
  const { exitCode, said: text } = await running;
  return [exitCode, text.replace(/[│╷╵] ?/g, "")] as const;
};

describe("a host that is down", () => {
  const clusterFile = join(__dirname, "../config/field/host-down/cluster.yaml");
  const { config } = loadCluster({ clusterFile });
  const { state: _, ...file } = config;
  const small = file.nodes.map((node) => ({ ...node, disk: { ...node.disk, sizeGiB: 10 } }));
  const whole: ClusterStackProps = { ...file, nodes: small };
  const withNode = (name: string, change: Partial<ClusterNodeProps>): ClusterStackProps => ({
    ...whole,
    nodes: small.map((node) => (node.name === name ? { ...node, ...change } : node)),
  });
  const down = (props: ClusterStackProps, ...hostsDown: string[]): ClusterStackProps => ({
    ...props,
    hostsDown,
  });

  test("is named, and the rest can be changed while what stands on it stays as it is", async () => {
    deployment = await Deployment.start();
    await deployment.deploy(whole);
    const before = await deployment.guests();
    await deployment.control.setHostOnline("pve3", false);
    const [exitCode, text] = await said(deployment.project.plan());
    expect([exitCode, text]).toEqual([1, expect.stringContaining("HOSTS_DOWN=pve3")]);

    expect(await deployment.replan(down(whole, "pve3"), EXCLUDE_HOSTS_DOWN)).toEqual({});
    const more = withNode("worker-1", { memoryMiB: 4096 });
    // The node on the host that is down changes too, and has to wait.
    const both = { ...more, nodes: more.nodes.map((node) => ({ ...node, tags: ["new"] })) };
    expect(await deployment.replan(down(both, "pve3"), EXCLUDE_HOSTS_DOWN)).toEqual({
      [address("cp-1")]: ["update"],
      [address("cp-2")]: ["update"],
      [address("worker-1")]: ["update"],
      [address("worker-2")]: ["update"],
    });
    await deployment.project.ok("apply", EXCLUDE_HOSTS_DOWN, "-auto-approve");
    const after = await deployment.guests();
    expect(after.get(7003)).toEqual(before.get(7003));
    expect(after.get(7011)).toMatchObject({ pending: { memory: "4096" }, config: { tags: "new;talos" } });
    const { output } = await deployment.project.ok("state", "list");
    expect(output.split("\n")).toEqual(
      expect.arrayContaining([
        address("cp-3"),
        "proxmox_haresource.cp-3",
        "proxmox_harule.talos-controlplane",
      ]),
    );

    await deployment.control.setHostOnline("pve3", true);
    expect(await deployment.replan(both)).toEqual({ [address("cp-3")]: ["update"] });
  });
});

describe("no VM is made while a host does not answer", () => {
  const small = { host: "pve1", disk: { storage: "local-lvm", sizeGiB: 10 } };
  const one = cluster([controlPlane(1, small)], { bootMode: "iso" });
  const two = cluster([controlPlane(1, small), controlPlane(2, small)], { bootMode: "iso" });

  test.each<[string, () => Promise<void>, RegExp]>([
    [
      "one that Proxmox knows to be offline",
      () => deployment.control.setHostOnline("pve3", false),
      /node "cp-2" has no VM yet, and none can be made while pve3 is down: Proxmox does not list its guests, so vm_id 7012 may be taken/,
    ],
  ])(
    "%s: its guests are not in the list, and one of them would end up in our state",
    async (_, fall, message) => {
      deployment = await Deployment.start();
      await deployment.deploy(one);
      const foreign = await deployment.control.addForeignGuest({
        vmid: 7012,
        node: "pve3",
        config: { name: "web-1" },
      });
      await fall();
      await deployment.control.clearRequests();
      deployment.write(two);
      expect(await said(deployment.project.apply())).toEqual([1, expect.stringMatching(message)]);
      expect(await writes()).toEqual([]);
      expect((await deployment.project.ok("state", "list")).output).not.toContain("cp-2");
      expect((await deployment.guests()).get(7012)).toEqual(foreign);

      // The node that exists can be changed.
      expect(
        await deployment.replan(
          cluster([controlPlane(1, { ...small, memoryMiB: 4096 })], { bootMode: "iso" }),
        ),
      ).toEqual({
        [address("cp-1")]: ["update"],
      });
    },
  );
});
