import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import type { StackName } from "../../config/state-places";
import { Migration } from "../../state/migrate";
import { underLock } from "../../state/under-lock";
import { type Places, startPlaces } from "./support/places";
import { Program } from "./support/program";
import { StateProject, stateOf } from "./support/project";

// What a migration leaves frozen, and the commands for it.

let places: Places;
let program: Program;
let project: StateProject;
let count = 0;
beforeAll(async () => {
  places = await startPlaces();
  program = await Program.of("state/main.ts");
});
afterAll(async () => {
  program.remove();
  await places.stop();
});
afterEach(() => project.remove());

function start(backend: StateBackend) {
  count++;
  project = new StateProject({
    env: places.env,
    state: [
      `backend: ${backend}`,
      `key: frozen-${count}/terraform.tfstate`,
      `url: ${places.workerUrl}/states/frozen-${count}`,
      "encryption: { provider: off, reason: a test }",
    ],
  });
}

async function write(backend: StateBackend, bytes: Buffer, stack: StackName = "cluster") {
  const store = project.store(backend, stack);
  await underLock(store, "test", (lock) => store.write(bytes, lock, ["lineage"]));
}

const migrate = (to: StateBackend) =>
  Migration.alone(project.setting, () => Migration.plan(project.setting, to).run());

const setBackend = (from: StateBackend, to: StateBackend) =>
  writeFileSync(project.clusterFile, project.yaml().replace(`backend: ${from}`, `backend: ${to}`));

async function says(exitCode: number, ...args: readonly string[]): Promise<string> {
  const result = await program.run(project.folder, args, project.env);
  expect({ args, ...result }).toMatchObject({ exitCode });
  return result.said;
}

const drop = (code: number, from: StateBackend) => says(code, "drop", "--from", from, "--yes");

describe("drop", () => {
  test.each(["local", "r2", "worker"] as const)(
    "removes what is frozen in %s, and opens all places",
    async (from) => {
      const to = from === "local" ? "r2" : "local";
      start(from);
      await write(from, stateOf(1));
      await migrate(to);
      await write(to, stateOf(2));
      await drop(0, from);
      expect(await project.store(from).read()).toBeUndefined();
      for (const stack of ["cluster", "proxmox-access", "bootstrap"] as const) {
        expect(await project.store(from, stack).holder()).toBeUndefined();
      }
    },
  );

  test.each([
    ["has none", async () => {}, "has no state of cluster"],
    ["has another one", () => write("worker", stateOf(9, { lineage: "other" })), "lineage other"],
    ["has an older one", () => write("worker", stateOf(1)), "serial 1"],
  ])("not where the configured backend %s", async (_, prepare, message) => {
    start("local");
    await write("local", stateOf(2));
    await migrate("r2");
    setBackend("r2", "worker");
    await prepare();
    const said = await drop(1, "local");
    expect(said).toContain(message);
    expect(said).toContain("nothing is removed; its lock says that the state is kept in r2");
    expect(await project.store("local").read()).toBeDefined();
  });

  test("not in the middle of a migration", async () => {
    start("local");
    await write("local", stateOf(1));
    for (const { run } of Migration.plan(project.setting, "r2").steps().slice(0, 3)) await run();
    expect(await drop(1, "r2")).toContain("a migration was cut off here");
    await migrate("r2");
  });

  test("what the Worker keeps frozen after its lock was broken by force", async () => {
    start("worker");
    await write("worker", stateOf(1));
    await migrate("r2");
    const store = project.store("worker");
    await store.breakLock((await store.holder())?.ID ?? "");
    await drop(0, "worker");
    expect(await store.read()).toBeUndefined();
    expect(await project.writable("worker")).toEqual(["worker"]);
  });
});

test("unfreeze opens what the Worker keeps frozen after its lock was broken by force", async () => {
  start("worker");
  await write("worker", stateOf(1));
  await migrate("r2");
  setBackend("r2", "worker");
  const store = project.store("worker");
  await store.breakLock((await store.holder())?.ID ?? "");
  expect(await says(0, "list")).toMatch(/frozen: the state is kept in r2/);
  await says(0, "unfreeze", "--yes");
  expect(await project.writable("worker")).toEqual(["worker"]);
});

test("a freeze that an admin has set is no leftover of a migration", async () => {
  start("worker");
  await write("worker", stateOf(1));
  const authorization = `Basic ${Buffer.from(`${places.env.TF_HTTP_USERNAME}:${places.env.TF_HTTP_PASSWORD}`).toString("base64")}`;
  await fetch(`${places.workerUrl}/states/frozen-${count}/freeze`, {
    method: "PUT",
    headers: { authorization },
    body: JSON.stringify({ reason: "maintenance", expiresInSeconds: 600 }),
  });
  expect(await says(1, "unfreeze", "--yes")).toContain("nothing is frozen");
  expect(await says(1, "migrate", "--to", "r2", "--yes")).toContain("maintenance");
});

test("migrate says which places move, which have no state yet, and that it goes on", async () => {
  start("local");
  await write("local", stateOf(1));
  const before = project.yaml();
  for (const { run } of Migration.plan(project.setting, "r2").steps().slice(0, 2)) await run();
  const said = await says(0, "migrate", "--to", "r2", "--yes");
  expect(said).toMatch(/cluster: local \S+ -> r2 \S+ proxmox-access: local \S+ -> r2 \S+ \(no state yet\)/);
  expect(said).toContain("goes on with the migration that was cut off");
  expect(before).not.toBe(readFileSync(join(project.folder, "cluster.yaml"), "utf8"));
  expect(await project.store("r2").holder()).toBeUndefined();
});
