import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveTool } from "../../toolchain";
import { platform } from "../../toolchain/context";
import { AGE, SOPS, TASK } from "../../toolchain/versions";
import { type FakeMachine, fakeMachine } from "../support/fake-machine";
import { NOWHERE, webServer } from "./support/fakes";

/* sops, task and age; what they share with talosctl is tested there. */

let on: FakeMachine;
let reported: string[];
beforeEach(() => {
  on = fakeMachine();
  reported = [];
});
afterEach(() => on.remove());

const resolve = (name: Parameters<typeof resolveTool>[0], githubReleases = NOWHERE, env = on.env) =>
  resolveTool(name, {
    env,
    cacheDir: on.cacheDir,
    report: (line) => reported.push(line),
    githubReleases,
  });
const sha256 = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");
const cached = (name: string, version: string) => join(on.cacheDir, name, version, platform(), name);

test("sops is the file of the release, with the checksum of its list", async () => {
  const program = `#!/bin/sh\necho "sops ${SOPS.version}"\n`;
  const folder = `/getsops/sops/releases/download/v${SOPS.version}`;
  const file = `sops-v${SOPS.version}.${platform().replace("_", ".")}`;
  const server = await webServer({
    [`${folder}/${file}`]: program,
    [`${folder}/sops-v${SOPS.version}.checksums.txt`]: `${sha256(program)}  ${file}\n`,
  });
  const found = await resolve("sops", server.url).finally(() => server.stop());
  expect(found).toEqual({ path: cached("sops", SOPS.version), version: SOPS.version, origin: "cache" });
});

test("task is in the archive of the release", async () => {
  const folder = mkdtempSync(join(on.root, "release-"));
  writeFileSync(join(folder, "task"), `#!/bin/sh\necho "${TASK.version}"\n`, { mode: 0o755 });
  const archive = execFileSync("tar", ["-czf", "-", "-C", folder, "task"]);
  const path = `/go-task/task/releases/download/v${TASK.version}`;
  const file = `task_${platform()}.tar.gz`;
  const server = await webServer({
    [`${path}/${file}`]: archive,
    [`${path}/task_checksums.txt`]: `${sha256(archive)}  ${file}\n`,
  });
  const found = await resolve("task", server.url).finally(() => server.stop());
  expect(found).toMatchObject({ path: cached("task", TASK.version), origin: "cache" });
});

test("age is built, because no checksums of its releases are published; a Debian package of it will do", async () => {
  on.program(
    "go",
    `while [ "$1" != -o ]; do shift; done\necho '#!/bin/sh\necho v${AGE.version}' >$2\nchmod 755 $2`,
  );
  expect(await resolve("age-keygen")).toMatchObject({ path: cached("age-keygen", AGE.version) });
  expect(reported).toContain(`age-keygen ${AGE.version}: no checksum of a release is published`);
  const path = on.program("age", "echo 1.1.1");
  expect(await resolve("age")).toEqual({ path, version: "1.1.1", origin: "PATH" });
});

test("another program of that name is not used, and a named one has to be the right one", async () => {
  on.program("task", 'echo "task 2.6.2 built by taskwarrior"');
  const server = await webServer({});
  await expect(resolve("task", server.url).finally(() => server.stop())).rejects.toThrow(
    /no task >= 3\.40\.0 was found.*TASK is not set.*go is not on PATH.*install task \(https:\/\/taskfile\.dev/s,
  );
  expect(reported).toContainEqual(
    expect.stringMatching(/names no version of task, but says:\ntask 2\.6\.2.*: not used/s),
  );
  expect(existsSync(cached("task", TASK.version))).toBe(false);
  const old = on.program("mine", "echo sops 3.8.1");
  await expect(resolve("sops", NOWHERE, { ...on.env, SOPS: old })).rejects.toThrow(
    `SOPS is "${old}", which is sops 3.8.1; >= 3.10.0 is needed`,
  );
});
