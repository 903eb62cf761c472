import type { ClusterNodeProps, ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane } from "../support/nodes";

const NICS = [{}, { bridge: "vmbr1" }];

const withNode = (more: Partial<ClusterNodeProps> = {}): ClusterStackProps =>
  cluster(
    [controlPlane(1, { disk: { storage: "local-lvm", sizeGiB: 10 }, networkInterfaces: NICS, ...more })],
    { bootMode: "iso" },
  );

let deployment: Deployment;
beforeEach(async () => {
  deployment = await Deployment.start();
});
afterEach(() => deployment.stop());

const config = async () => (await deployment.guests()).get(7011)?.config ?? {};
const devices = async () =>
  Object.fromEntries(Object.entries(await config()).filter(([key]) => /^(usb|hostpci)\d/.test(key)));
const flags = async () => {
  const { net0, net1 } = await config();
  return [net0, net1].map((nic) => /firewall=(\d)/.exec(String(nic))?.[1]);
};

test("devices and firewall flags that somebody set by hand stay, whatever else changes", async () => {
  await deployment.deploy(withNode());
  const { net0, net1 } = await config();
  const byHand = { usb0: "host=0451:16a8", usb1: "mapping=zigbee,usb3=1", hostpci0: "0000:01:00,pcie=1" };
  await deployment.control.changeGuest(7011, {
    config: { ...byHand, net0: `${net0},firewall=1`, net1: String(net1).replace(/,firewall=./, "") },
  });
  expect(await deployment.replan(withNode())).toEqual({});

  await deployment.deploy(
    withNode({ tags: ["rack-1"], networkInterfaces: [{ vlan: 9 }, { bridge: "vmbr2" }, {}] }),
  );
  expect(await config()).toMatchObject({
    ...byHand,
    tags: "rack-1;talos",
    net0: expect.stringContaining("tag=9"),
    net1: expect.stringContaining("vmbr2"),
  });
  expect((await flags())[0]).toBe("1");
  expect(await deployment.project.plannedActions()).toEqual({});
});

test("a flag that is named is switched in place, and stays as it is once it is named no more", async () => {
  const named = (first: boolean, second: boolean) =>
    withNode({ networkInterfaces: [{ firewall: first }, { bridge: "vmbr1", firewall: second }] });
  await deployment.deploy(named(true, false));
  expect(await flags()).toEqual(["1", "0"]);
  expect(await deployment.project.plannedActions()).toEqual({});
  await deployment.deploy(named(false, true));
  expect(await flags()).toEqual(["0", "1"]);
  expect(await deployment.replan(withNode())).toEqual({});
});

test("USB devices are attached by mapping, exchanged and detached in place", async () => {
  const api = new ApiClient(deployment.proxmox);
  for (const [id, device] of Object.entries({ zigbee: "0451:16a8", "z-wave": "0658:0200" })) {
    await api.ok(api.post("/cluster/mapping/usb", { id, map: [`node=pve1,id=${device}`] }));
  }
  const withUsb = (...usbDevices: NonNullable<ClusterNodeProps["usbDevices"]>) => withNode({ usbDevices });
  await deployment.deploy(withUsb({ mapping: "zigbee" }, { mapping: "z-wave", usb3: true }));
  expect(await devices()).toEqual({ usb0: "mapping=zigbee,usb3=0", usb1: "mapping=z-wave,usb3=1" });
  expect(await deployment.project.plannedActions()).toEqual({});

  await deployment.deploy(withUsb({ mapping: "z-wave" }));
  expect(await devices()).toEqual({ usb0: "mapping=z-wave,usb3=0" });
  expect(await deployment.replan(withNode())).toEqual({});
  await deployment.deploy(withUsb());
  expect(await devices()).toEqual({});
  expect(await deployment.replan(withNode())).toEqual({});
});

test("a USB mapping that the host does not have fails the start and says so", async () => {
  deployment.write(withNode({ usbDevices: [{ mapping: "zigbee" }] }));
  await deployment.project.ok("init");
  const { exitCode, said } = await deployment.project.apply();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("USB device mapping not found for 'zigbee'")]);
});
