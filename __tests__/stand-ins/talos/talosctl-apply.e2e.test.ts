import { appendFileSync } from "node:fs";
import type { TestCluster } from "./support/cluster";
import type { MainDocument } from "./support/machine-config";
import { TalosctlCluster } from "./support/talosctl";

let lab: TalosctlCluster;
let cluster: TestCluster;
beforeAll(async () => {
  lab = await TalosctlCluster.start(["cp-0", "w-0"]);
  ({ cluster } = lab);
  await lab.setUp();
});
afterAll(() => lab.stop());

const sysctl = (value: string) => (main: MainDocument) =>
  Object.assign(main.machine.sysctls, { "vm.swappiness": value });
const file = (path: string) => (main: MainDocument) =>
  main.machine.files.push({ path, content: "x", op: "create" });

type Change = (main: MainDocument) => void;
const apply = (args: string, change?: Change, index = 1, to = lab) =>
  to.on(index, `apply-config -f ${to.writeConfig(index, change)} ${args}`);
/** Of the active configuration, or of the one on the disk. */
const config = (id: "v1alpha1" | "persistent") => lab.ok(1, `get mc ${id} -o yaml`);

it("shows in a dry run what would change, and how", async () => {
  const dryRun = await apply("--dry-run", (main) => {
    sysctl("1")(main);
    main.machine.certSANs.push("w.example.com");
  });
  expect([dryRun.exitCode, dryRun.stderr]).toEqual([
    0,
    expect.stringContaining(
      `Dry run summary:
Applied configuration without a reboot (skipped in dry-run).
Config diff:

--- a
+++ b
@@ -`,
    ),
  ]);
  expect(dryRun.stderr).toContain("-    certSANs: []\n+    certSANs:\n+        - w.example.com\n");
  expect(dryRun.stderr).toContain('-    sysctls: {}\n+    sysctls:\n+        vm.swappiness: "1"\n');
  expect((await apply("--dry-run")).stderr).toMatch(/Config diff:\n\nNo changes\.\n/);
  expect((await apply("--dry-run", file("/var/a"))).stderr).toMatch(/with a reboot \(skipped in dry-run\)/);
  expect(await config("v1alpha1")).not.toContain("swappiness");
});

it("applies at once what needs no reboot, and refuses the rest in mode no-reboot with the difference", async () => {
  const { bootId } = cluster.node(1);
  expect((await apply("--mode no-reboot", sysctl("1"))).exitCode).toBe(0);
  expect(await config("v1alpha1")).toContain("swappiness");
  expect(await apply("--mode no-reboot", file("/var/a"))).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(
      /InvalidArgument desc = this config change can't be applied in immediate mode\ndiff:\n--- a\n\+\+\+ b\n@@ [\s\S]*\+ +- path: \/var\/a/,
    ),
  });
  expect(cluster.node(1)).toMatchObject({ bootId, rebootPending: false });
});

it("stages a configuration for the next boot, which is pending until then", async () => {
  expect((await apply("--mode staged", sysctl("2"))).stderr).toMatch(
    /Staged configuration to be applied after/,
  );
  expect([await config("v1alpha1"), await config("persistent")]).toEqual([
    expect.stringMatching(/swappiness: "1"/),
    expect.stringMatching(/swappiness: "2"/),
  ]);
  expect(cluster.node(1)).toMatchObject({ rebootPending: true });
  await lab.ok(1, "reboot --timeout 60s");
  expect(await config("v1alpha1")).toMatch(/swappiness: "2"/);
  expect(cluster.node(1)).toMatchObject({ rebootPending: false });
});

it("reverts a trial, unless the configuration is applied in the meantime", async () => {
  expect((await apply("--mode try --timeout 1s", sysctl("3"))).stderr).toMatch(
    /applied in 'try' mode and will be automatically reverted back in 1s/,
  );
  await cluster.until(1, ({ rebootPending }) => !rebootPending);
  expect(await config("v1alpha1")).toMatch(/swappiness: "2"/);
  // A trial of a second may be over before anybody has looked.
  await apply("--mode try --timeout 10m", sysctl("3"));
  expect(await config("v1alpha1")).toMatch(/swappiness: "3"/);
  await apply("--mode try --timeout 1s", sysctl("4"));
  await apply("--mode no-reboot", sysctl("4"));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(await config("v1alpha1")).toMatch(/swappiness: "4"/);
});

it("reboots in mode auto where it has to", async () => {
  const { bootId } = cluster.node(1);
  expect((await apply("--mode auto", file("/var/a"))).stderr).toMatch(
    /with a reboot: this config change can't be applied/,
  );
  await lab.rebooted(1, bootId);
  expect(await config("v1alpha1")).toContain("/var/a");
});

it("has the documents and the modes of its version", async () => {
  const later = await TalosctlCluster.start(["cp-0"], { mediumVersion: "v1.14.0" });
  try {
    await later.setUp();
    const { bootId } = later.cluster.node(0);
    expect(await apply("--mode reboot", file("/var/a"), 0, later)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/Unimplemented/),
    });
    expect((await apply("--mode auto", file("/var/a"), 0, later)).stderr).toMatch(
      /^Applied configuration without a reboot\n$/,
    );
    expect(later.cluster.node(0)).toMatchObject({ bootId });
    for (const [to, exitCode] of [
      [later, 0],
      [lab, 1],
    ] as const) {
      const written = to.writeConfig(0);
      appendFileSync(written, "---\napiVersion: v1alpha1\nkind: SysctlConfig\nname: a\n");
      expect(await to.on(0, `apply-config -f ${written}`)).toMatchObject({ exitCode });
    }
  } finally {
    await later.stop();
  }
});
