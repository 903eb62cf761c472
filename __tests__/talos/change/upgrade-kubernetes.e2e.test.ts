import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetesPrograms } from "../../../stand-ins/kubernetes/programs";
import { resolveTalosctl } from "../../../toolchain";
import { RunningCluster } from "../support/running-cluster";

/*
 * `npm run upgrade-kubernetes` with the real talosctl and a real Kubernetes API, but for `upgrade-k8s` itself: that waits for static
 * pods which no stand-in runs, so a program in its place notes how it is called.
 */

let cluster: RunningCluster;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  cluster = await RunningCluster.start({ kubernetes: { programs: await kubernetesPrograms({ report }) } });
  const { path } = await resolveTalosctl({ report });
  const script = `#!/bin/sh
if [ "$1" = upgrade-k8s ]; then
  echo "$@" >> '${inFolder("calls")}'
  exit "\${UPGRADE_EXIT:-0}"
fi
exec '${path}' "$@"
`;
  writeFileSync(inFolder("talosctl"), script, { mode: 0o755 });
  env = { TALOSCTL: inFolder("talosctl") };
  await cluster.run("cli/talosconfig.ts", ["--out", inFolder("talosconfig")], env);
  await cluster.talos.kubernetes?.settled();
});
afterAll(() => cluster?.stop());

const inFolder = (file: string) => join(cluster.folder, file);
const file = () => readFileSync(inFolder("cluster.yaml"), "utf8");
const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  cluster.run("cli/upgrade-kubernetes.ts", [...args, "--talosconfig", inFolder("talosconfig")], {
    ...env,
    ...more,
  });

test("a release that Talos does not support is refused, with every node that would have it", async () => {
  const { code, said } = await run(["v1.37.0"]);
  expect({ code, said }).toEqual({
    code: 3,
    said: expect.stringMatching(/worker-1: .* not supported by Talos v1\.13\.0/),
  });
});

test("only where talosctl has done it, the key is written, and nothing else in the file", async () => {
  const before = file();
  const failed = await run(["1.36.1", "--snapshot", inFolder("a.snapshot")], { UPGRADE_EXIT: "1" });
  expect({ code: failed.code, file: file() }).toEqual({ code: 1, file: before });
  const { code, out } = await run(["1.36.1", "--json", "--snapshot", inFolder("b.snapshot")]);
  expect({ code, report: JSON.parse(out) }).toMatchObject({
    code: 0,
    report: { version: "v1.36.1", apiVersion: expect.stringMatching(/^v1\.36\./), key: "written" },
  });
  expect(file()).toBe(before.replace("kubernetes_version: v1.36.0", "kubernetes_version: v1.36.1"));
  const calls = readFileSync(inFolder("calls"), "utf8").trim().split("\n");
  expect(calls).toHaveLength(2);
  expect(calls[1]).toMatch(
    /^upgrade-k8s --to 1\.36\.1 --with-docs=false --with-examples=false --endpoint https:\/\/127\.0\.0\.1:\d+ /,
  );
});

test("a dry run says that there is something to do, has talosctl try it, and writes nothing", async () => {
  const before = file();
  const { code } = await run(["1.36.2", "--dry-run"]);
  expect({ code, file: file() }).toEqual({ code: 2, file: before });
  expect(readFileSync(inFolder("calls"), "utf8")).toMatch(/ --dry-run\b.*\n$/);
});
