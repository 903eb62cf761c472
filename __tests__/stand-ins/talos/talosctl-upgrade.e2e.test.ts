import { schematicId, VANILLA_SCHEMATIC_ID } from "../../../domain/schematic";
import type { TestCluster } from "./support/cluster";
import { TalosctlCluster } from "./support/talosctl";

const AGENT = "siderolabs/qemu-guest-agent";
const WITH_AGENT = schematicId({ extensions: [AGENT] });
const installer = (schematic: string, version: string) =>
  `factory.talos.dev/nocloud-installer/${schematic}:${version}`;

let lab: TalosctlCluster;
let cluster: TestCluster;
beforeAll(async () => {
  lab = await TalosctlCluster.start(["cp-0", "cp-1", "w-0"], {
    schematics: { [VANILLA_SCHEMATIC_ID]: [], [WITH_AGENT]: [AGENT] },
  });
  ({ cluster } = lab);
  await lab.setUp();
});
afterAll(() => lab.stop());

const upgrade = (index: number, image: string, args = "") =>
  lab.on(index, `upgrade --image ${image} --drain=false --timeout 60s${args}`);
const extensions = async (index: number) =>
  [...(await lab.ok(index, "get extensions")).matchAll(/ExtensionStatus +\d +\d +(\S+) +(\S+)/g)].map(
    ([, name, version]) => `${name} ${version}`,
  );

it("upgrades version and schematic, by pull, upgrade and a reboot", async () => {
  const { bootId } = cluster.node(1);
  expect(await extensions(1)).toEqual([`schematic ${VANILLA_SCHEMATIC_ID}`]);
  cluster.talos.control.clearCalls();
  expect(await upgrade(1, installer(WITH_AGENT, "v1.13.9"))).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining("post check passed"),
  });
  expect(cluster.talos.control.listCalls().map(({ method }) => method.split("/")[1])).toEqual(
    expect.arrayContaining(["Pull", "Upgrade", "Reboot", "Events"]),
  );
  expect(cluster.node(1)).toMatchObject({ version: "v1.13.9", schematic: WITH_AGENT });
  expect(cluster.node(1).bootId).not.toBe(bootId);
  expect(await extensions(1)).toEqual(["qemu-guest-agent 1.13.9", `schematic ${WITH_AGENT}`]);
  expect(await lab.ok(1, "get version")).toMatch(/Talos +v1\.13\.9/);
});

it("writes an upgrade without a reboot, which waits for the next one", async () => {
  const { exitCode } = await upgrade(2, installer(WITH_AGENT, "v1.13.9"), " --no-reboot");
  expect([exitCode, cluster.node(2)]).toMatchObject([0, { version: "v1.13.0", rebootPending: true }]);
  await lab.ok(2, "reboot --timeout 60s");
  expect(cluster.node(2)).toMatchObject({ version: "v1.13.9", rebootPending: false });
});

it("goes back to the Talos before, by hand or by itself", async () => {
  const { bootId } = cluster.node(1);
  await lab.ok(1, "rollback");
  await lab.rebooted(1, bootId);
  expect(cluster.node(1)).toMatchObject({ version: "v1.13.0", schematic: VANILLA_SCHEMATIC_ID });

  const before = cluster.node(1).bootId;
  await cluster.talos.control.addFault({ kind: "upgrade-fails", node: "cp-1" });
  // talosctl sees another boot, and takes it for a success.
  expect((await upgrade(1, installer(WITH_AGENT, "v1.13.9"))).exitCode).toBe(0);
  expect(cluster.node(1)).toMatchObject({ version: "v1.13.0", schematic: VANILLA_SCHEMATIC_ID });
  expect(cluster.node(1).bootId).not.toBe(before);
  expect(cluster.talos.control.listFaults()).toMatchObject([{ struck: 1 }]);
});

it.each([
  ["a version that is too new", "ghcr.io/siderolabs/installer:v1.16.0", /upgrade failed with exit code 1/],
  ["a tag that is no version", "ghcr.io/siderolabs/installer:latest", /code = NotFound.*not found/s],
  ["a schematic that the factory never got", installer("a".repeat(64), "v1.13.9"), /code = NotFound/],
  ["an image that is no installer", "docker.io/library/nginx:v1.13.9", /code = NotFound/],
])("refuses %s", async (_, image, text) => {
  const { bootId } = cluster.node(1);
  expect(await upgrade(1, image)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(text) });
  expect(cluster.node(1)).toMatchObject({ bootId, rebootPending: false });
});

it("upgrades by the older call only where etcd stands it", async () => {
  const image = installer(WITH_AGENT, "v1.13.9");
  expect(await upgrade(1, image, " --legacy")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/etcd member count\(2\) is insufficient to maintain quorum/),
  });
  expect(await upgrade(1, "ghcr.io/siderolabs/installer:latest", " --legacy")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/error validating installer image .*: not found/),
  });
  expect((await upgrade(1, image, " --legacy --force")).exitCode).toBe(0);
  expect(cluster.node(1)).toMatchObject({ version: "v1.13.9", schematic: WITH_AGENT });
});
