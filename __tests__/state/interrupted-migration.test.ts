import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { newLock } from "../../state/locks";
import { Migration } from "../../state/migrate";
import { type StateProject, stateOf } from "./support/project";
import { useBackends } from "./support/use-backends";

// A migration that was interrupted, and what others have done since.

// Steps of a migration that were run.
const FROZEN = 1;
const COPIED = 3;
const SWITCHED = 4;

const backends = useBackends();
let shared: string;
let count = 0;
beforeAll(() => {
  shared = mkdtempSync(join(tmpdir(), "shared-"));
});
afterAll(() => rmSync(shared, { recursive: true }));
beforeEach(() => {
  count++;
});

/** A laptop; all laptops of one test use the same states. */
function laptop(backend: StateBackend): StateProject {
  const state = [`path: ${join(shared, `${count}.tfstate`)}`];
  return backends.project({ backend, name: `interrupted-${count}`, state });
}

/** Lets some requests through that change something, and no further one. @returns what ends that */
function failAfter(changes: number): () => void {
  const real = globalThis.fetch;
  let left = changes;
  globalThis.fetch = async (input, init) => {
    const method = input instanceof Request ? input.method : (init?.method ?? "GET");
    if (method !== "GET" && left-- <= 0) return new Response("no", { status: 403 });
    return real(input, init);
  };
  return () => {
    globalThis.fetch = real;
  };
}

describe("between copy and switch", () => {
  test.each(["local", "r2"] as const)(
    "%s was opened and written: what was written moves on",
    async (from) => {
      const project = laptop(from);
      await project.write(from, stateOf(1));
      const to = from === "local" ? "r2" : "local";
      await project.interruptMigration(COPIED, to);
      await project.unfreeze(from);
      await project.write(from, stateOf(2));
      await project.migrate(to);
      expect(await project.text(to)).toBe(stateOf(2).toString());
      expect(await project.writable(from, to)).toEqual([to]);
    },
  );

  test("at the Worker, which takes no lock a second time: everything goes back, and the next run moves on", async () => {
    const project = laptop("worker");
    await project.write("worker", stateOf(1));
    await project.interruptMigration(COPIED, "local");
    await project.unfreeze("worker");
    await project.write("worker", stateOf(2));
    await expect(project.migrate("local")).rejects.toThrow(
      "nothing has moved: the states are in worker, as before",
    );
    await project.migrate("local");
    expect(await project.text("local")).toBe(stateOf(2).toString());
    expect(await project.writable("local", "worker")).toEqual(["local"]);
  });

  test("the target was dropped: it is copied again", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(COPIED, "r2");
    const target = project.store("r2");
    const holder = await target.holder();
    if (holder) await target.remove(holder);
    await project.unfreeze("r2");
    await project.migrate("r2");
    expect(await project.text("r2")).toBe(stateOf(1).toString());
  });

  test.each([
    ["local", "r2"],
    ["r2", "worker"],
    ["worker", "local"],
  ] as const)(
    "%s to %s: the target was opened and written: it is the state, and neither on nor back forks it",
    async (from, to) => {
      const project = laptop(from);
      await project.write(from, stateOf(1));
      await project.interruptMigration(COPIED, to);
      await project.unfreeze(to);
      await project.write(to, stateOf(2));
      const wayOut = new RegExp(`set state.backend to ${to} by hand`);
      for (const attempt of [() => project.migrate(to), () => project.abortMigration()]) {
        await expect(attempt()).rejects.toThrow(wayOut);
        expect(await project.writable(from, to)).toEqual([to]);
      }
      project.setBackend(to);
      await project.migrate(to);
      expect(await project.writable(from, to)).toEqual([to]);
      expect(await project.text(to)).toBe(stateOf(2).toString());
    },
  );

  test.each(["aborted", "resumed, and it fails"])(
    "the target was opened, then the migration is %s: the copy there is closed again",
    async (how) => {
      const project = laptop("local");
      await project.write("local", stateOf(1));
      await project.interruptMigration(COPIED, "r2");
      await project.breakLock("r2");
      if (how === "aborted") await project.abortMigration();
      else {
        const migration = await Migration.plan(project.load(), "r2");
        const failing = migration.run(({ title, run }) =>
          title.startsWith("set") ? Promise.reject(new Error("a disk is full")) : run(),
        );
        await expect(failing).rejects.toThrow("a disk is full; nothing has moved");
      }
      expect(await project.writable("local", "r2")).toEqual(["local"]);
      await project.migrate("r2");
      expect(await project.writable("local", "r2")).toEqual(["r2"]);
    },
  );

  test("the network fails in the middle of an abort: the copy is closed all the time", async () => {
    for (const to of ["r2", "worker"] as const) {
      for (let good = 0, failed = true; failed; good++) {
        count++;
        const project = laptop("local");
        await project.write("local", stateOf(1));
        await project.interruptMigration(COPIED, to);
        const restore = failAfter(good);
        failed = await project.abortMigration().then(
          () => false,
          () => true,
        );
        restore();
        const open = await project.writable("local", to);
        expect({ to, good, open: open.filter((each) => each === to) }).toEqual({ to, good, open: [] });
        if (failed) await project.abortMigration();
        expect({ to, good, open: await project.writable("local", to) }).toEqual({
          to,
          good,
          open: ["local"],
        });
      }
    }
  });

  test("somebody is at work in the opened target: the source stays closed until they have ended", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(COPIED, "r2");
    await project.breakLock("r2");
    const [writer, lock] = [project.store("r2"), newLock("apply")];
    await writer.lock(lock);
    await expect(project.abortMigration()).rejects.toThrow(lock.ID);
    expect(await project.writable("local", "r2")).toEqual([]);
    await writer.unlock(lock);
    await project.abortMigration();
    expect(await project.writable("local", "r2")).toEqual(["local"]);
  });

  test("somebody opens a place right before the switch", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    const opened = async (backend: StateBackend) =>
      (await Migration.plan(project.load(), "r2")).run(async ({ title, run }) => {
        if (title.startsWith("set")) await project.unfreeze(backend);
        return run();
      });
    for (const backend of ["local", "r2"] as const) {
      await expect(opened(backend)).rejects.toThrow(/somebody has opened (local|r2) \S+ in the meantime/);
      expect(project.yaml()).toContain("backend: local");
      expect(await project.writable("local", "r2")).toEqual(["local"]);
    }
  });

  test("somebody else has moved the state to the target, and worked there: it stays as it is", async () => {
    const [one, other] = [laptop("local"), laptop("local")];
    await one.write("local", stateOf(1));
    await one.interruptMigration(COPIED, "r2");
    await other.unfreeze("local");
    await other.unfreeze("r2");
    await other.migrate("r2");
    await other.write("r2", stateOf(2));
    await expect(one.migrate("r2")).rejects.toThrow(
      /nothing has moved: local \S+ is frozen: the state is kept in r2/,
    );
    expect(await other.writable("local", "r2")).toEqual(["r2"]);
    expect(await other.text("r2")).toBe(stateOf(2).toString());
  });

  test("somebody else has made the same move, and the new cluster.yaml is here: it comes to its end", async () => {
    const [one, other] = [laptop("r2"), laptop("r2")];
    await one.write("r2", stateOf(1));
    await one.interruptMigration(COPIED, "local");
    await other.unfreeze("r2");
    await other.unfreeze("local");
    await other.migrate("local");
    await other.write("local", stateOf(2));
    one.setBackend("local");
    await one.migrate("local");
    expect(await one.writable("local", "r2")).toEqual(["local"]);
    expect(await one.text("local")).toBe(stateOf(2).toString());
  });

  test("cluster.yaml names a third backend by now: nothing goes on from the first one", async () => {
    const [one, other] = [laptop("r2"), laptop("r2")];
    await one.write("r2", stateOf(1));
    await one.interruptMigration(FROZEN, "worker");
    await other.unfreeze("r2");
    await other.migrate("local");
    one.setBackend("local");
    await expect(one.migrate("worker")).rejects.toThrow(/says local now, and a migration from r2 to worker/);
    expect(await one.abortMigration()).toBe(
      "nothing was opened: the states are in local, and what is frozen in r2 and worker stays frozen",
    );
    expect(await one.writable("local", "r2", "worker")).toEqual(["local"]);
    await one.unfreeze("worker"); // as drop does
    await one.migrate("worker");
    expect(await one.text("worker")).toBe(stateOf(1).toString());
  });

  test.each([
    ["state.key", (yaml: string) => yaml.replace(/key: \S+/, "key: other/terraform.tfstate")],
    ["state.path", (yaml: string) => yaml.replace(/path: \S+/, "path: other.tfstate")],
  ])("%s is another one by now: neither on nor back", async (_, change) => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(COPIED, "r2");
    const before = project.yaml();
    writeFileSync(project.clusterFile, change(before));
    await expect(project.migrate("r2")).rejects.toThrow(/is about (local|r2) \S+, and cluster.yaml names/);
    await expect(project.abortMigration()).rejects.toThrow(/set `state` back/);
    writeFileSync(project.clusterFile, before);
    await project.migrate("r2");
  });

  test("another cluster.yaml in the same folder has nothing to do with it", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(COPIED, "r2");
    const file = join(project.folder, "lab.yaml");
    writeFileSync(file, project.yaml());
    const lab = { ...project.load(), files: [file] as const };
    for (const attempt of [async () => Migration.plan(lab, "r2"), async () => Migration.resume(lab)]) {
      await expect(attempt()).rejects.toThrow(
        /a migration of cluster.yaml, from local to r2, .*CLUSTER_CONFIG=cluster.yaml/,
      );
    }
  });
});

describe("after the switch", () => {
  test("the new place was opened and written, and cluster.yaml is set back: abort forks nothing", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(SWITCHED, "r2");
    await project.unfreeze("r2");
    await project.write("r2", stateOf(2));
    project.setBackend("local");
    await expect(project.abortMigration()).rejects.toThrow(
      /r2 \S+ has serial 2.*set state.backend to r2 by hand/,
    );
    expect(await project.writable("local", "r2")).toEqual(["r2"]);
  });

  test("everything was opened, and the state has moved on to a third backend: abort opens nothing", async () => {
    const [one, other] = [laptop("r2"), laptop("worker")];
    await one.write("r2", stateOf(1));
    await one.interruptMigration(SWITCHED, "worker");
    await other.unfreeze("worker");
    await other.migrate("local");
    one.setBackend("local");
    await expect(one.migrate("worker")).rejects.toThrow("migrate --abort");
    await one.abortMigration();
    expect(await one.writable("local", "r2", "worker")).toEqual(["local"]);
  });

  test("the old place was opened and written since: the new one stays closed, and the way back works", async () => {
    for (const [from, to] of [
      ["local", "r2"],
      ["r2", "worker"],
      ["worker", "local"],
    ] as const) {
      count++;
      const project = laptop(from);
      await project.write(from, stateOf(1));
      await project.interruptMigration(SWITCHED, to);
      await project.unfreeze(from);
      await project.write(from, stateOf(2));
      const refusal = new RegExp(`has serial 1.*has serial 2.*set state.backend to ${from} again`);
      await expect(project.migrate(to)).rejects.toThrow(refusal);
      await expect(project.migrate(to)).rejects.toThrow(refusal);
      expect(await project.writable(from, to)).toEqual([from]);
      project.setBackend(from);
      expect(await project.abortMigration()).toBe(`the states are in ${from}, as before`);
      expect(await project.writable(from, to)).toEqual([from]);
      expect(await project.text(from)).toBe(stateOf(2).toString());
    }
  });

  test("the old place was opened since: it is closed again", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.interruptMigration(SWITCHED, "r2");
    await project.unfreeze("local");
    await project.migrate("r2");
    expect(await project.writable("local", "r2")).toEqual(["r2"]);
  });

  test("over an older copy that was frozen: the note there says what to do", async () => {
    const project = laptop("local");
    await project.write("local", stateOf(1));
    await project.migrate("r2");
    await project.migrate("worker");
    await project.write("worker", stateOf(2));
    await project.interruptMigration(SWITCHED, "local");
    const holder = await project.store("local").holder();
    expect(holder?.Info).toMatch(
      /the state is kept in worker \S+; .* a migration was interrupted: run it again/,
    );
    await project.migrate("local");
    expect(await project.writable("local", "r2", "worker")).toEqual(["local"]);
  });
});

test("the target of another migration is refused as a target", async () => {
  const [one, other] = [laptop("r2"), laptop("local")];
  await one.write("r2", stateOf(1));
  await one.interruptMigration(FROZEN, "worker");
  await expect(other.migrate("worker")).rejects.toThrow(
    /is the target of another migration.*drop --from worker/,
  );
  expect(await other.writable("local")).toEqual(["local"]);
  await one.migrate("worker");
  expect(await one.writable("r2", "worker")).toEqual(["worker"]);
});

describe("a frozen state at the Worker whose lock somebody has broken by force", () => {
  test("left behind by a migration: it can be moved back to", async () => {
    const project = laptop("worker");
    await project.write("worker", stateOf(1));
    await project.migrate("local");
    await project.breakLock("worker");
    expect(await project.writable("worker")).toEqual([]);
    await project.write("local", stateOf(2));
    await project.migrate("worker");
    expect(await project.text("worker")).toBe(stateOf(2).toString());
    expect(await project.writable("local", "worker")).toEqual(["worker"]);
  });

  test.each([
    ["source", "worker", "local"],
    ["target", "local", "worker"],
  ] as const)("in the middle, as the %s: it goes back, and the next run moves on", async (_, from, to) => {
    const project = laptop(from);
    await project.write(from, stateOf(1));
    await project.interruptMigration(COPIED, to);
    await project.breakLock("worker");
    await expect(project.migrate(to)).rejects.toThrow(
      `nothing has moved: the states are in ${from}, as before`,
    );
    expect(await project.writable(from, to)).toEqual([from]);
    await project.migrate(to);
    expect(await project.text(to)).toBe(stateOf(1).toString());
    expect(await project.writable(from, to)).toEqual([to]);
  });
});
