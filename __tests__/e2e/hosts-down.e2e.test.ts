import { join } from "node:path";
import { loadCluster } from "../../config";
import { EXCLUDE_HOSTS_DOWN } from "../../domain/hosts-down";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
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
  // As if the file named everything, so that a change of anything is one for VMs that exist.
  const small = file.nodes.map((node) => ({ ...node, onlyForNew: [], disk: { ...node.disk, sizeGiB: 10 } }));
  const whole: ClusterStackProps = { ...file, nodes: small };
  const down = (props: ClusterStackProps, ...hostsDown: string[]): ClusterStackProps => ({
    ...props,
    hostsDown,
  });

  test("is named, and the rest can be changed while what stands on it stays as it is", async () => {
    deployment = await Deployment.start();
    await deployment.deploy(whole);
    const before = await deployment.guests();
    // The host that the image on shared storage was downloaded by.
    await deployment.control.setHostOnline("pve1", false);
    const [exitCode, text] = await said(deployment.project.plan());
    expect([exitCode, text]).toEqual([1, expect.stringContaining("HOSTS_DOWN=pve1 npm run plan")]);

    deployment.write(down(whole, "pve1"));
    expect((await deployment.project.plan(EXCLUDE_HOSTS_DOWN)).exitCode).toBe(0);
    // The nodes on the host that is down change too, and have to wait.
    const changed = { ...whole, nodes: small.map((node) => ({ ...node, memoryMiB: 4096, tags: ["new"] })) };
    expect(await deployment.replan(down(changed, "pve1"), EXCLUDE_HOSTS_DOWN)).toEqual({
      [address("cp-2")]: ["update"],
      [address("cp-3")]: ["update"],
      [address("worker-2")]: ["update"],
    });
    await deployment.project.ok("apply", EXCLUDE_HOSTS_DOWN, "-auto-approve");
    const after = await deployment.guests();
    expect([after.get(7001), after.get(7011)]).toEqual([before.get(7001), before.get(7011)]);
    expect(after.get(7002)).toMatchObject({
      pending: { memory: "4096" },
      config: { tags: "kubernetes;linux;new;talos" },
    });
    const { output } = await deployment.project.ok("state", "list");
    expect(output.split("\n")).toEqual(
      expect.arrayContaining([
        address("cp-1"),
        "proxmox_haresource.cp-1",
        "proxmox_harule.talos-controlplane",
      ]),
    );

    await deployment.control.setHostOnline("pve1", true);
    expect(await deployment.replan(changed)).toEqual({
      [address("cp-1")]: ["update"],
      [address("worker-1")]: ["update"],
    });
  });

  test("with ISO files on each host, those of the other hosts are exchanged; what HA has left there is named by itself", async () => {
    const iso: ClusterStackProps = {
      ...whole,
      bootMode: "iso",
      proxmox: { ...whole.proxmox, imageStorage: "local" },
    };
    deployment = await Deployment.start();
    await deployment.deploy(iso);
    const before = await deployment.guests();
    await deployment.control.changeGuest(7011, { node: "pve3" });
    await deployment.control.setHostOnline("pve3", false);
    const next = down({ ...iso, talosVersion: "v1.13.1" }, "pve3");
    deployment.write(next);
    const [exitCode, text] = await said(deployment.project.plan(EXCLUDE_HOSTS_DOWN));
    expect([exitCode, text]).toEqual([1, expect.stringMatching(/error retrieving VM 7011.*595/)]);

    deployment.write(down(next, "pve3", "worker-1"));
    await deployment.project.ok("apply", EXCLUDE_HOSTS_DOWN, "-auto-approve");
    const drives = [...(await deployment.guests())].map(([vmid, { config }]) => [
      vmid,
      /v1\.13\.\d/.exec(String(config.ide2))?.[0],
    ]);
    expect(Object.fromEntries(drives)).toEqual({
      7001: "v1.13.1",
      7002: "v1.13.1",
      7003: "v1.13.0",
      7011: "v1.13.0",
      7012: "v1.13.1",
    });
    expect((await deployment.guests()).get(7003)).toEqual(before.get(7003));
    expect((await deployment.project.plan(EXCLUDE_HOSTS_DOWN)).exitCode).toBe(0);

    // A node of another host can be removed.
    const fewer = { ...next, nodes: small.filter(({ name }) => name !== "worker-2") };
    deployment.write(down(fewer, "pve3", "worker-1"));
    await deployment.project.ok("apply", EXCLUDE_HOSTS_DOWN, "-auto-approve");
    expect([...(await deployment.guests()).keys()]).toEqual([7001, 7002, 7003, 7011]);
  });
});

describe("no VM is made while a host does not answer", () => {
  const small = { host: "pve1", disk: { storage: "local-lvm", sizeGiB: 10 } };
  const one = cluster([controlPlane(1, small)], { bootMode: "iso" });
  const two = cluster([controlPlane(1, small), controlPlane(2, small)], { bootMode: "iso" });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "one that Proxmox knows to be offline",
      () => deployment.control.setHostOnline("pve3", false),
      /node "cp-2" has no VM yet, and none can be made while pve3 is down: Proxmox does not list its guests, so vm_id 7012 may be taken/,
    ],
    [
      "one that Proxmox still takes for online",
      () => deployment.control.setHostAnswering("pve3", false),
      /answering_hosts\["pve3"\].*595/,
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

      deployment.write({ ...two, hostsDown: ["pve3"] });
      expect(await said(deployment.project.apply(EXCLUDE_HOSTS_DOWN))).toEqual([
        1,
        expect.stringContaining("none can be made while pve3 is down"),
      ]);
      // The node that exists can be changed.
      const more = cluster([controlPlane(1, { ...small, memoryMiB: 4096 })], { bootMode: "iso" });
      expect(await deployment.replan({ ...more, hostsDown: ["pve3"] }, EXCLUDE_HOSTS_DOWN)).toEqual({
        [address("cp-1")]: ["update"],
      });
      deployment.write({ ...more, hostsDown: ["pve33"] });
      expect(await said(deployment.project.plan(EXCLUDE_HOSTS_DOWN))).toEqual([
        1,
        expect.stringContaining(
          "HOSTS_DOWN names pve33, which is no Proxmox host and no node of this cluster; the hosts are pve1, pve2, pve3",
        ),
      ]);
    },
  );
});
