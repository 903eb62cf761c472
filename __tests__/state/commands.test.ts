import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { backUp, readBackup } from "../../state/backup";
import { newLock } from "../../state/locks";
import { withLock } from "../../state/with-lock";
import { Program } from "./support/program";
import { encryptedOf, type StateProject, stateOf } from "./support/project";
import { useBackends } from "./support/use-backends";

const remote = useBackends();
const program = new Program("cli/state.ts");

const backends: readonly StateBackend[] = ["r2", "worker", "local"];

const makeProject = (backend: StateBackend, encryption = "{ provider: off, reason: a test }") =>
  remote.project({ backend, state: [`encryption: ${encryption}`] });

const run = (project: StateProject, ...args: readonly string[]) =>
  program.run(project.folder, args, project.env);

/** Runs and wants success. */
async function ok(project: StateProject, ...args: readonly string[]) {
  const result = await run(project, ...args);
  if (result.exitCode !== 0) throw new Error(`${args.join(" ")}: ${result.exitCode}\n${result.said}`);
  return result;
}

async function refused(project: StateProject, ...args: readonly string[]): Promise<string> {
  const { exitCode, said } = await run(project, ...args);
  expect({ args, exitCode, said }).toMatchObject({ exitCode: 1 });
  return said;
}

/** Runs a line of bash, in which `"$0" "$@"` is the program. */
function shell(project: StateProject, line: string) {
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["--norc", "-o", "pipefail", "-c", line, process.execPath, ...program.args],
    {
      cwd: project.folder,
      env: { PATH, ...project.env },
      encoding: "utf8",
      timeout: 600_000,
    },
  );
  return { status, stdout, stderr };
}

const write = (project: StateProject, bytes: Buffer) => project.write(project.backend, bytes);
const file = (project: StateProject, bytes: Buffer, name = "next.tfstate") => {
  writeFileSync(join(project.folder, name), bytes);
  return name;
};

describe.each(backends)("%s", (backend) => {
  test("pull gives what is kept, push replaces it, and versions and restore bring it back", async () => {
    const project = makeProject(backend);
    await write(project, stateOf(1));
    expect((await ok(project, "pull")).stdout).toBe(stateOf(1).toString());
    await ok(project, "push", file(project, stateOf(2)), "--yes");
    await ok(project, "pull", "--out", "pulled");
    expect(readFileSync(join(project.folder, "pulled"), "utf8")).toBe(stateOf(2).toString());
    expect(statSync(join(project.folder, "pulled")).mode & 0o077).toBe(0);

    const listed = await ok(project, "versions");
    const line = listed.stdout.split("\n").find((each) => /\s1\s/.test(each));
    const [id = ""] = (line ?? "").split(/\s+/);
    expect(listed.said).toContain(backend === "worker" ? "current" : "an apply makes no version here");
    await ok(project, "restore", id, "--yes");
    expect((await ok(project, "pull")).stdout).toBe(stateOf(1).toString());
    // Restored to serial 1, the next apply writes serial 2 again.
    await ok(project, "push", file(project, stateOf(2, { content: "y" })), "--yes");
    expect((await ok(project, "list")).stdout).toMatch(/cluster +\S+ \S+ +2 +7f0c7a52 +plain text +free/);
  });

  test("what push refuses, and what it lets through by name", async () => {
    const project = makeProject(backend);
    await write(project, stateOf(5));
    const cases: [Buffer, string][] = [
      [stateOf(6, { lineage: "other" }), "lineage"],
      [stateOf(4), "serial"],
      [stateOf(5, { content: "y" }), "serial"],
      [stateOf(6, { resources: 0 }), "empty"],
    ];
    for (const [bytes, guard] of cases) {
      expect(await refused(project, "push", file(project, bytes), "--yes")).toContain(`--force ${guard}`);
      expect((await ok(project, "pull")).stdout).toBe(stateOf(5).toString());
    }
    await ok(project, "push", file(project, stateOf(4)), "--yes", "--force", "serial");
    await ok(project, "push", file(project, stateOf(1, { lineage: "other" })), "--yes", "--force", "lineage");
    await write(project, encryptedOf(9, { lineage: "other" }));
    const plain = file(project, stateOf(10, { lineage: "other" }));
    expect(await refused(project, "push", plain, "--yes")).toContain("--force plaintext");
    await ok(project, "push", plain, "--yes", "--force", "plaintext");

    for (const [bytes, reason] of [
      [Buffer.from(""), "it is empty"],
      [stateOf(11).subarray(0, 40), "cut off"],
      [Buffer.from("{}"), "no serial"],
    ] as const) {
      const said = await refused(
        project,
        "push",
        file(project, bytes),
        "--yes",
        "--force",
        "serial,lineage,empty",
      );
      expect(said).toContain(reason);
    }
    expect(await refused(project, "push", file(project, stateOf(11)))).toContain("give --yes");
  });

  test("backup writes a folder that restores everything, also after the loss of it all", async () => {
    const project = makeProject(backend);
    await write(project, stateOf(3));
    const access = project.store(backend, "proxmox-access");
    await project.write(backend, encryptedOf(8), "proxmox-access");
    await ok(project, "backup");
    const folder = readdirSync(project.folder).find((name) => name.startsWith("state-backup-")) ?? "";
    const manifest = JSON.parse(readFileSync(join(project.folder, folder, "manifest.json"), "utf8"));
    expect(manifest.states).toMatchObject([
      { stack: "cluster", serial: 3, backend, encrypted: false },
      { stack: "proxmox-access", serial: 8, backend, encrypted: true },
    ]);
    await write(project, stateOf(7));
    await withLock(access, "test", (lock) => access.remove(lock));
    await ok(project, "restore", "--from", folder, "--yes");
    expect((await ok(project, "pull", "--stack", "cluster")).stdout).toBe(stateOf(3).toString());
    expect((await ok(project, "pull", "--stack", "proxmox-access")).stdout).toBe(encryptedOf(8).toString());

    writeFileSync(join(project.folder, folder, "cluster.tfstate"), stateOf(4));
    expect(await refused(project, "restore", "--from", folder, "--yes")).toContain(
      "its sha256 is not the one in manifest.json",
    );
  });

  test("verify tells what is wrong, and unlock breaks a lock that was left behind", async () => {
    const project = makeProject(backend, "{ provider: pbkdf2 }");
    await write(project, encryptedOf(2));
    await ok(project, "backup");
    expect((await ok(project, "verify")).stdout).not.toContain("WRONG");
    if (backend !== "local") {
      const store = project.store(backend);
      const lock = { ...newLock("apply"), Created: "2026-01-31T12:00:00Z", Who: "ci@runner" };
      await store.lock(lock);
      expect(await refused(project, "verify")).toContain(`npm run state -- unlock ${lock.ID}`);
      expect((await ok(project, "verify", "--stale-after", "999999999")).stdout).toContain("ci@runner");
      expect(await refused(project, "unlock", "another", "--stack", "cluster", "--yes")).toContain(lock.ID);
      await ok(project, "unlock", lock.ID, "--yes");
      expect(await store.holder()).toBeUndefined();
    }
    const plain = makeProject(backend, "{ provider: pbkdf2 }");
    await write(plain, stateOf(2));
    expect(await refused(plain, "verify")).toContain("WRONG it is in plain text");
  });
});

test("backups of one second get a folder each, whoever made the other one", async () => {
  const project = makeProject("local");
  await write(project, stateOf(5));
  const stores = [{ stack: "cluster" as const, store: project.store() }];
  const [parent, now] = [join(project.folder, "saved"), new Date("2026-01-31T12:00:00.000Z")];
  for (const _ of [1, 2, 3]) await backUp(stores, parent, now);
  const name = "state-backup-20260131T120000Z";
  expect(readdirSync(parent)).toEqual([name, `${name}-2`, `${name}-3`]);
  expect(readBackup(join(parent, `${name}-2`))).toHaveLength(1);
});

test("verify sees a state that is older than a copy of it, and one that was changed without a new serial", async () => {
  const project = makeProject("local");
  await write(project, stateOf(5));
  await ok(project, "backup");
  const path = join(project.folder, "terraform.cluster.tfstate");
  writeFileSync(path, stateOf(4));
  expect(await refused(project, "verify")).toContain("has a write been lost?");
  writeFileSync(path, stateOf(5, { content: "y" }));
  expect(await refused(project, "verify")).toContain("which has the same serial");
});

test("restore refuses a version in plain text where states must be encrypted, unless that is forced", async () => {
  const project = makeProject("local");
  await write(project, stateOf(1));
  await write(project, stateOf(2));
  writeFileSync(
    project.clusterFile,
    project.yaml().replace("{ provider: off, reason: a test }", "{ provider: pbkdf2 }"),
  );
  const [{ id = "" } = {}] = await project.store("local").versions();
  expect(await refused(project, "restore", id, "--yes")).toContain(
    `version ${id} is in plain text, and state.encryption is on; to restore it anyway: --force plaintext`,
  );
  expect(await project.text("local")).toBe(stateOf(2).toString());
  await ok(project, "restore", id, "--yes", "--force", "plaintext");
  expect(await project.text("local")).toBe(stateOf(1).toString());
});

test("migrate, with what to do elsewhere; drop, reconfigure and unfreeze", async () => {
  const project = makeProject("local");
  const old = project.yaml();
  await write(project, stateOf(1));
  expect(await refused(project, "migrate", "--to", "r2")).toContain("give --yes");
  expect(await refused(project, "migrate")).toContain("--to or --abort");
  expect(await refused(project, "migrate", "--to", "local", "--yes")).toContain("in local already");
  const { said } = await ok(project, "migrate", "--to", "r2", "--yes");
  expect(said).toContain("npm run state -- reconfigure");
  expect(said).toContain("npm run state -- drop --from local");
  await ok(project, "reconfigure");

  // A laptop that still has the old file.
  const next = project.yaml();
  writeFileSync(project.clusterFile, old);
  for (const command of [
    ["reconfigure"],
    ["push", file(project, stateOf(2)), "--stack", "cluster", "--yes"],
    ["migrate", "--to", "worker", "--yes"],
  ]) {
    expect(await refused(project, ...command)).toContain("the state is kept in r2 tfstate/");
  }
  expect((await run(project, "verify")).said).toContain("WRONG frozen by");
  const frozen = await project.store("local").holder();
  // To open it would be to plan with a copy that is not the state any more.
  const locked = await refused(project, "unlock", frozen?.ID ?? "", "--yes");
  expect(locked).toMatch(/the state is kept in r2 tfstate\/.*; get the newest cluster\.yaml\s*$/);
  await ok(project, "unfreeze", "--yes");
  await ok(project, "push", file(project, stateOf(2)), "--yes");

  writeFileSync(project.clusterFile, next);
  expect(await refused(project, "drop", "--from", "local", "--yes")).toContain("nothing is frozen");
  expect(await refused(project, "drop", "--from", "r2", "--yes")).toContain("the states are kept in r2");
  await ok(project, "migrate", "--to", "worker", "--yes");
  await ok(project, "drop", "--from", "r2", "--yes");
  expect(await project.store("r2").read()).toBeUndefined();
  expect(await project.store("r2").holder()).toBeUndefined();
  expect((await project.store("r2").versions()).map(({ serial }) => serial)).toEqual([1]);
});

test("STATE_BACKEND wins over the file, and migrate says so", async () => {
  const project = makeProject("r2");
  const env = { ...project.env, STATE_BACKEND: "local" };
  await project.write("local", stateOf(1));
  const { said, exitCode } = await program.run(project.folder, ["migrate", "--to", "r2", "--yes"], env);
  expect({ said, exitCode }).toMatchObject({ exitCode: 0 });
  expect(said).toContain("STATE_BACKEND=local is set here and wins over the file: unset it");
  expect(await project.text("r2")).toBe(stateOf(1).toString());
});

test("one damaged state hides no other, an empty backup is an error, and pull closes a file that was open", async () => {
  const project = makeProject("local");
  await write(project, stateOf(1));
  writeFileSync(join(project.folder, "terraform.proxmox-access.tfstate"), '{"version":4');
  const { stdout } = await ok(project, "list");
  expect(stdout).toMatch(/cluster .* 1 .*plain text/);
  expect(stdout).toMatch(/proxmox-access .* DAMAGED/);
  expect(await refused(project, "backup", "--stack", "bootstrap")).toContain("there is no state to save");
  expect(readdirSync(project.folder).filter((name) => name.startsWith("state-backup"))).toEqual([]);

  writeFileSync(join(project.folder, "pulled"), "of before", { mode: 0o644 });
  await ok(project, "pull", "--stack", "cluster", "--out", "pulled");
  expect(statSync(join(project.folder, "pulled")).mode & 0o777).toBe(0o600);

  await ok(project, "backup", "--stack", "cluster", "saved");
  const [saved = ""] = readdirSync(join(project.folder, "saved"));
  writeFileSync(join(project.folder, "saved", saved, "manifest.json"), "{");
  expect(await refused(project, "restore", "--from", `saved/${saved}`, "--yes")).toMatch(
    /manifest.json is damaged, or has another format; name another backup\s*$/,
  );
});

test("pull --out writes behind a link, and into a pipe, and leaves both what they are", async () => {
  const project = makeProject("local");
  const text = stateOf(1, { content: "x".repeat(200_000) }).toString();
  await write(project, Buffer.from(text));
  const at = (name: string) => join(project.folder, name);
  writeFileSync(at("target"), "of before");
  symlinkSync("target", at("link"));
  symlinkSync("nowhere", at("dangling"));
  for (const [link, target] of [
    ["link", "target"],
    ["dangling", "nowhere"],
  ] as const) {
    await ok(project, "pull", "--out", link);
    expect(lstatSync(at(link)).isSymbolicLink()).toBe(true);
    expect(readFileSync(at(target), "utf8")).toBe(text);
    expect(statSync(at(target)).mode & 0o777).toBe(0o600);
  }

  execFileSync("mkfifo", [at("pipe")]);
  const all = { status: 0, stdout: text, stderr: "" };
  expect(shell(project, 'cat pipe > through & "$0" "$@" pull --out pipe; wait; cat through')).toEqual(all);
  expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
  expect(shell(project, '"$0" "$@" pull --out >(cat > through); wait $!; cat through')).toEqual(all);
});

test("who reads the beginning alone ends pull quietly, and a disk that is full is told", async () => {
  const project = makeProject("local");
  await write(project, stateOf(1, { content: "x".repeat(200_000) }));
  expect(shell(project, '"$0" "$@" pull | head -c 1')).toEqual({ status: 0, stdout: "{", stderr: "" });
  if (existsSync("/dev/full")) {
    expect(shell(project, '"$0" "$@" pull > /dev/full')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^ENOSPC[^\n]*\n$/),
    });
  }
});

test("the wrong words are named, and a wrong configuration too", async () => {
  const project = makeProject("local");
  expect(await refused(project, "list", "--at", "s3")).toContain("Allowed choices are r2, worker, local");
  expect(await refused(project, "push", "x", "--force", "all")).toContain(
    "serial, lineage, plaintext, empty",
  );
  expect((await ok(project, "list")).stdout).toContain("no state exists in local");
  expect(await refused(project, "verify")).toContain(
    "no state exists in local; --at looks in another backend",
  );
  expect(await refused(project, "push", "nowhere", "--yes")).toContain(
    "nowhere cannot be read: ENOENT: no such file or directory, open 'nowhere'; name a file that pull has written",
  );
  await write(project, stateOf(1));
  expect(await refused(project, "pull", "--out", "no/folder")).toMatch(
    /^ENOENT: no such file or directory, open 'no\/folder[^\n]*$/m,
  );
  writeFileSync(project.clusterFile, project.yaml().replace("backend: local", "backend: lokal"));
  expect(await refused(project, "list")).toMatch(/cluster.yaml:\d+: state.backend lokal/);
  const { AWS_SECRET_ACCESS_KEY: _, ...env } = project.env;
  writeFileSync(project.clusterFile, project.yaml().replace("backend: lokal", "backend: r2"));
  const { said } = await program.run(project.folder, ["list"], env);
  expect(said).toContain(
    "AWS_SECRET_ACCESS_KEY is not set; export AWS_SECRET_ACCESS_KEY, or put r2_secret_access_key into secrets.sops.yaml",
  );
});
