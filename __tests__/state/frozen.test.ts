import type { StateBackend } from "../../config";
import { drop, requireDroppable } from "../../state/drop";
import { findFrozenAmong } from "../../state/find-frozen";
import { Program } from "./support/program";
import { type StateProject, stateOf } from "./support/project";
import { useBackends } from "./support/use-backends";

// What a migration leaves frozen, and the commands for it.

const backends = useBackends();
const program = new Program("cli/state.ts");
let project: StateProject;
let name: string;
let count = 0;

function start(backend: StateBackend) {
  name = `frozen-${++count}`;
  const state = ["encryption: { provider: off, reason: a test }"];
  project = backends.project({ backend, name, state });
}

async function says(exitCode: number, ...args: readonly string[]): Promise<string> {
  const result = await program.run(project.folder, args, project.env);
  expect({ args, ...result }).toMatchObject({ exitCode });
  return result.said;
}

const dropped = (code: number, from: StateBackend) => says(code, "drop", "--from", from, "--yes");

describe("drop", () => {
  test.each(["local", "r2", "worker"] as const)(
    "removes what is frozen in %s, and opens all places",
    async (from) => {
      const to = from === "local" ? "r2" : "local";
      start(from);
      await project.write(from, stateOf(1));
      await project.migrate(to);
      await project.write(to, stateOf(2));
      await dropped(0, from);
      expect(await project.store(from).read()).toBeUndefined();
      for (const stack of ["cluster", "proxmox-access"] as const) {
        expect(await project.store(from, stack).holder()).toBeUndefined();
      }
    },
  );

  test.each([
    ["has none", async () => {}, "has no state of cluster"],
    ["has another one", () => project.write("worker", stateOf(9, { lineage: "other" })), "lineage other"],
    ["has an older one", () => project.write("worker", stateOf(1)), "serial 1"],
  ])("not where the configured backend %s", async (_, prepare, message) => {
    start("local");
    await project.write("local", stateOf(2));
    await project.migrate("r2");
    project.setBackend("worker");
    await prepare();
    const said = await dropped(1, "local");
    expect(said).toContain(message);
    expect(said).toContain("nothing is removed; its lock says that the state is kept in r2");
    expect(await project.text("local")).toBe(stateOf(2).toString());
    expect(await project.writable("local")).toEqual([]);
  });

  test("not in the middle of a migration", async () => {
    start("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(3, "r2");
    expect(await dropped(1, "r2")).toContain("a migration was interrupted here");
    await project.migrate("r2");
  });

  test("not where the configured place is frozen itself", async () => {
    start("local");
    await project.write("local", stateOf(1));
    await project.migrate("r2");
    project.setBackend("local");
    expect(await dropped(1, "r2")).toContain("nothing is frozen");
    project.setBackend("r2");
    await project.migrate("worker");
    project.setBackend("r2");
    expect(await dropped(1, "local")).toMatch(
      /is locked .* the state is kept in worker .* get the newest cluster.yaml/,
    );
    expect(await project.text("local")).toBe(stateOf(1).toString());
  });

  test.each(["frozen", "bare"])(
    "not what has become the state again during the question (%s)",
    async (how) => {
      start("worker");
      await project.write("worker", stateOf(1));
      await project.migrate("r2");
      if (how === "bare") await project.breakLock("worker");
      const [frozen] = await findFrozenAmong([{ stack: "cluster", store: project.store("worker") }]);
      if (!frozen) throw new Error("not frozen");
      await requireDroppable(frozen, project.store("r2"));
      await project.migrate("worker");
      await project.write("worker", stateOf(2));
      await expect(drop(frozen, project.store("r2"))).rejects.toThrow(/was opened or moved in the meantime/);
      expect(await project.text("worker")).toBe(stateOf(2).toString());
    },
  );

  test("what the Worker keeps frozen after its lock was broken by force", async () => {
    start("worker");
    await project.write("worker", stateOf(1));
    await project.migrate("r2");
    await project.breakLock("worker");
    await dropped(0, "worker");
    expect(await project.text("worker")).toBeUndefined();
    expect(await project.writable("worker")).toEqual(["worker"]);
  });
});

test("unfreeze opens what the Worker keeps frozen after its lock was broken by force", async () => {
  start("worker");
  await project.write("worker", stateOf(1));
  await project.migrate("r2");
  project.setBackend("worker");
  await project.breakLock("worker");
  expect(await says(0, "list")).toMatch(/frozen: the state is kept in r2/);
  await says(0, "unfreeze", "--yes");
  expect(await project.writable("worker")).toEqual(["worker"]);
});

test("a freeze that an admin has set is no leftover of a migration", async () => {
  start("worker");
  await project.write("worker", stateOf(1));
  const authorization = `Basic ${Buffer.from(`${backends.env.TF_HTTP_USERNAME}:${backends.env.TF_HTTP_PASSWORD}`).toString("base64")}`;
  await fetch(`${backends.workerUrl}/states/${name}/freeze`, {
    method: "PUT",
    headers: { authorization },
    body: JSON.stringify({ reason: "maintenance", expiresInSeconds: 600 }),
  });
  expect(await says(1, "unfreeze", "--yes")).toContain("nothing is frozen");
  expect(await says(1, "migrate", "--to", "r2", "--yes")).toContain("maintenance");
});

test("migrate says which places move, which have no state yet, and that it continues", async () => {
  start("local");
  await project.write("local", stateOf(1));
  await project.interruptMigration(2, "r2");
  const said = await says(0, "migrate", "--to", "r2", "--yes");
  expect(said).toMatch(/cluster: local \S+ -> r2 \S+ proxmox-access: local \S+ -> r2 \S+ \(no state yet\)/);
  expect(said).toContain("continues the migration that was interrupted");
  expect(project.backend).toBe("r2");
  expect(await project.text("r2")).toBe(stateOf(1).toString());
  expect(await project.writable("local", "r2")).toEqual(["r2"]);
});
