import type { ClusterNodeProps } from "../../stacks/cluster-stack-props";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane } from "../support/nodes";

const LOWER = "bc:24:11:20:00:aa";
const UPPER = LOWER.toUpperCase();
const OTHER = "bc:24:11:20:00:bb";

type Nic = ClusterNodeProps["networkInterfaces"][number];

const withNics = (networkInterfaces: readonly Nic[], allowReplace?: readonly string[]) =>
  cluster([controlPlane(1, { disk: { storage: "local-lvm", sizeGiB: 10 }, networkInterfaces })], {
    bootMode: "iso",
    allowReplace,
  });

let deployment: Deployment;
beforeEach(async () => {
  deployment = await Deployment.start();
});
afterEach(() => deployment.stop());

const nics = async () => {
  const config = (await deployment.guests()).get(7011)?.config ?? {};
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => /^net\d/.test(key))
      .map(([key, value]) => [key, /virtio=([^,]*)/.exec(String(value))?.[1]]),
  );
};

test("a VM gets its MAC address in the case that was given", async () => {
  const props = withNics([{ macAddress: LOWER }, { macAddress: "BC:24:11:20:00:0B" }]);
  await deployment.deploy(props);
  expect(await nics()).toEqual({ net0: LOWER, net1: "BC:24:11:20:00:0B" });
  expect(await deployment.replan(props)).toEqual({});
});

test.each([
  [LOWER, UPPER],
  [UPPER, LOWER],
])(
  "a VM with %s in Proxmox and %s in the file keeps its NIC, whatever else changes",
  async (made, written) => {
    const props = withNics([{ macAddress: made }]);
    await deployment.deploy(props);
    expect(await deployment.replan(withNics([{ macAddress: written }]))).toEqual({});

    await deployment.deploy(withNics([{ macAddress: written, vlan: 8 }, { macAddress: OTHER }]));
    expect(await nics()).toEqual({ net0: made, net1: OTHER });
    expect(await deployment.project.plannedActions()).toEqual({});
  },
);

test("another MAC address is refused with the one that the VM has, until the node is named", async () => {
  await deployment.deploy(withNics([{}, { macAddress: LOWER }]));
  const before = await deployment.guests();
  const changed = [{}, { macAddress: OTHER }];
  deployment.write(withNics(changed));
  const { exitCode, said } = await deployment.project.apply();
  expect([exitCode, said.replace(/[│╷╵] ?/g, "")]).toEqual([
    1,
    expect.stringContaining(
      `net1 of "cp-1" has the MAC address ${LOWER}, not ${OTHER}, and another one unplugs the NIC of a running VM. ` +
        `nothing was changed. set mac_addr: "${LOWER}", or name the node in ALLOW_REPLACE`,
    ),
  ]);
  expect(await deployment.guests()).toEqual(before);

  await deployment.deploy(withNics(changed, ["cp-1"]));
  expect(await nics()).toMatchObject({ net1: OTHER });
  expect(await deployment.replan(withNics(changed))).toEqual({});
});
