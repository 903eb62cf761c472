import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import type { StackName } from "../../config/state-location";
import { newLock } from "../../state/locks";
import { Migration } from "../../state/migrate";
import { sha256 } from "../../state/snapshot";
import { encryptedOf, type StateProject, stateOf, textOf } from "./support/project";
import { useBackends } from "./support/use-backends";

const backends = useBackends();
let project: StateProject;
beforeEach(() => {
  project = backends.project({ backend: "local" });
});

const journal = () => join(project.folder, ".state-migration.json");

test.each([
  ["plain", stateOf(7)],
  ["encrypted", encryptedOf(7)],
])(
  "%s: local, r2, worker, r2, local; each time one can be written, and it is the configured one",
  async (_, bytes) => {
    await project.write("local", bytes);
    const before = project.yaml();
    let from: StateBackend = "local";
    const used = new Set<StateBackend>([from]);
    for (const to of ["r2", "worker", "r2", "local"] as const) {
      await project.migrate(to);
      expect(project.yaml()).toBe(before.replace("backend: local", `backend: ${to}`));
      expect(await project.text(to)).toBe(bytes.toString());
      expect(await project.text(from)).toBe(bytes.toString());
      expect(await project.writable(...used.add(to))).toEqual([to]);
      await expect(project.write(from, stateOf(8))).rejects.toThrow(
        `the state is kept in ${project.store(to).address}`,
      );
      expect(existsSync(journal())).toBe(false);
      from = to;
    }
  },
);

test("what was written in between is what moves on, over the copy that was left behind", async () => {
  await project.write("local", stateOf(1));
  await project.migrate("r2");
  await project.write("r2", stateOf(2));
  await project.migrate("local");
  expect(await project.text("local")).toBe(stateOf(2).toString());
  await project.write("local", stateOf(3));
  await project.migrate("r2");
  expect(await project.text("r2")).toBe(stateOf(3).toString());
  expect((await project.store("r2").versions()).map(({ serial }) => serial)).toContain(2);
});

test.each(["r2", "worker"] as const)(
  "one object under r2 and the Worker, from %s: nothing is copied",
  async (from) => {
    const to = from === "r2" ? "worker" : "r2";
    project = backends.project({ backend: from, isOneObject: true });
    await project.write(from, stateOf(4));
    await project.migrate(to);
    expect(await project.text("r2")).toBe(stateOf(4).toString());
    expect(await project.text("worker")).toBe(stateOf(4).toString());
    expect(await project.store("worker").versions()).toHaveLength(1);
    expect(await project.writable("r2", "worker")).toEqual(["r2", "worker"]);
  },
);

test("every stack whose state exists moves along, each to its own place", async () => {
  project = backends.project({ backend: "local", name: "each-stack" });
  await project.write("local", stateOf(1));
  await project.write("local", stateOf(5, { lineage: "other" }), "proxmox-access");
  await project.migrate("r2");
  const moved = project.store("r2", "proxmox-access");
  expect(moved.address).toBe("r2 tfstate/each-stack/terraform-proxmox-access.tfstate");
  expect(await textOf(moved)).toBe(stateOf(5, { lineage: "other" }).toString());
  expect(await project.text("r2")).toBe(stateOf(1).toString());
});

test("the state of the bootstrap stack stays in the bucket, open, whatever moves", async () => {
  const bootstrap = project.store("r2", "bootstrap");
  const lock = newLock("probe");
  const before = stateOf(3, { lineage: "bootstrap" });
  await bootstrap.lock(lock);
  await bootstrap.write(before, lock);
  await bootstrap.unlock(lock);
  await project.write("local", stateOf(1));
  for (const to of ["r2", "worker", "local"] as const) {
    await project.migrate(to);
    expect(await textOf(bootstrap)).toBe(before.toString());
    expect(await bootstrap.holder()).toBeUndefined();
  }
  expect(() => project.store("worker", "bootstrap")).toThrow("always in r2, not in worker; leave --at out");
  await bootstrap.lock(lock);
  await bootstrap.remove(lock);
  await bootstrap.unlock(lock);
});

test("no state yet: the places move, so that the first apply of an old configuration is refused", async () => {
  await project.migrate("r2");
  expect(project.yaml()).toContain("backend: r2   # for now");
  expect(await project.writable("local", "r2")).toEqual(["r2"]);
  await expect(project.write("local", stateOf(1))).rejects.toThrow("the state is kept in r2");
  await project.migrate("worker");
  await project.migrate("local");
  expect(await project.writable("local", "r2", "worker")).toEqual(["local"]);
});

describe("refused, and everything is as before", () => {
  const refusals: [string, Buffer, Buffer, RegExp][] = [
    [
      "another lineage",
      stateOf(1),
      stateOf(1, { lineage: "other" }),
      /state of something else.*pull --at r2/,
    ],
    ["a newer serial", stateOf(3), stateOf(4), /not older.*pull --at r2/],
    ["the same serial with other content", stateOf(3), stateOf(3, { content: "y" }), /not older/],
  ];
  test.each(refusals)("%s in the target", async (_, source, target, message) => {
    await project.write("local", source);
    await project.write("r2", target);
    const yaml = project.yaml();
    await expect(project.migrate("r2")).rejects.toThrow(message);
    expect(project.yaml()).toBe(yaml);
    expect(await project.text("local")).toBe(source.toString());
    expect(await project.text("r2")).toBe(target.toString());
    expect(await project.writable("local", "r2")).toEqual(["local", "r2"]);
    expect(existsSync(journal())).toBe(false);
  });

  test("a copy of an earlier migration that was written since, by force", async () => {
    await project.write("local", stateOf(1));
    await project.migrate("r2");
    const frozen = project.store("local");
    await frozen.write(stateOf(9), (await frozen.holder()) ?? newLock("none"));
    await expect(project.migrate("local")).rejects.toThrow(/not older/);
    expect(await project.writable("local", "r2")).toEqual(["r2"]);
  });

  test.each(["local", "r2", "worker"] as const)("a writer at work in %s", async (from) => {
    project = backends.project({ backend: from });
    await project.write(from, stateOf(1));
    const to = from === "r2" ? "local" : "r2";
    const [writer, lock] = [project.store(from), newLock("apply")];
    await writer.lock(lock);
    await expect(project.migrate(to)).rejects.toThrow(lock.ID);
    await writer.write(stateOf(2), lock);
    await writer.unlock(lock);
    expect(existsSync(journal())).toBe(false);
    await project.migrate(to);
    expect(await project.text(to)).toBe(stateOf(2).toString());
  });

  test("a first apply at work, which has written nothing yet", async () => {
    await project.write("local", stateOf(1));
    const [other, lock] = [project.store("local", "proxmox-access"), newLock("apply")];
    await other.lock(lock);
    await expect(project.migrate("r2")).rejects.toThrow(lock.ID);
    await other.write(stateOf(1, { lineage: "other" }), lock);
    await other.unlock(lock);
    expect(await project.writable("local")).toEqual(["local"]);
    await project.migrate("r2");
    expect(await project.text("r2", "proxmox-access")).toBe(stateOf(1, { lineage: "other" }).toString());
    expect(await project.text("r2")).toBe(stateOf(1).toString());
  });

  test("a place that is frozen because the state is elsewhere: an old configuration", async () => {
    await project.write("local", stateOf(1));
    const old = project.yaml();
    await project.migrate("r2");
    writeFileSync(project.clusterFile, old);
    await expect(project.migrate("worker")).rejects.toThrow(
      `the state is kept in ${project.store("r2").address}`,
    );
    expect(await project.writable("local", "r2", "worker")).toEqual(["r2", "worker"]);
  });

  test("a target that does not answer", async () => {
    await project.write("local", stateOf(1));
    backends.setBucket(false);
    await expect(project.migrate("r2")).rejects.toThrow("has no bucket");
    backends.setBucket(true);
    expect(await project.writable("local")).toEqual(["local"]);
  });

  test("plain text where the Worker has seen it encrypted", async () => {
    await project.write("worker", encryptedOf(1));
    await project.write("local", stateOf(2));
    await expect(project.migrate("worker")).rejects.toThrow("encrypted before");
    expect(await project.text("worker")).toBe(encryptedOf(1).toString());
    expect(await project.writable("local", "worker")).toEqual(["local", "worker"]);
  });

  test("a configuration that cannot be changed safely", async () => {
    await project.write("local", stateOf(1));
    const yaml = project.yaml();
    const [, lines = ""] = yaml.split("state: # where it is\n");
    writeFileSync(
      project.clusterFile,
      yaml.replace(`state: # where it is\n${lines}`, `x: &x\n${lines}state: *x\n`),
    );
    await expect(project.migrate("r2")).rejects.toThrow(/cannot be changed safely/);
    expect(await project.writable("local", "r2")).toEqual(["local", "r2"]);
  });
});

test("a target that keeps other bytes than it was given is noticed, and everything is taken back", async () => {
  await project.write("local", stateOf(1));
  const lying = (stack: StackName, backend: StateBackend) => {
    const store = project.store(backend, stack);
    if (backend === "r2") {
      const honest = store.write.bind(store);
      store.write = (_, lock) => honest(stateOf(1, { content: "y" }), lock);
    }
    return store;
  };
  await expect(
    Migration.runExclusive(project.load(), async () => {
      await (await Migration.plan(project.load(), "r2", lying)).run();
    }),
  ).rejects.toThrow(
    /r2 .* has serial 1.* after the copy, and local .* has serial 1.*the states are in local, as before/,
  );
  expect(project.yaml()).toContain("backend: local");
  expect(await project.writable("local", "r2")).toEqual(["local"]);
});

test("what somebody writes by force in the source in the meantime moves on too", async () => {
  await project.write("r2", stateOf(1));
  writeFileSync(project.clusterFile, project.yaml().replace("backend: local", "backend: r2"));
  const migration = await Migration.plan(project.load(), "local");
  const overtaken = async (step: { readonly title: string; run(): Promise<string> }) => {
    if (!step.title.startsWith("copy")) return step.run();
    const source = project.store("r2");
    const holder = (await source.holder()) ?? newLock("none");
    const target = project.store("local");
    await target.write(stateOf(1), (await target.holder()) ?? newLock("none"));
    await source.write(stateOf(2), holder);
    return step.run();
  };
  await migration.run(overtaken);
  expect(await project.text("local")).toBe(stateOf(2).toString());
});

test("only one migration runs in a folder", async () => {
  await project.write("local", stateOf(1));
  await Migration.runExclusive(project.load(), async () => {
    await expect(project.migrate("r2")).rejects.toThrow("another migration runs in this folder");
  });
  await project.migrate("r2");
});

test("what tofu remembers of the old backend is forgotten; its providers stay", async () => {
  await project.write("local", stateOf(1));
  const folder = join(project.folder, "cdktf.out/stacks/cluster/.terraform");
  mkdirSync(join(folder, "providers"), { recursive: true });
  writeFileSync(join(folder, "terraform.tfstate"), "{}");
  await project.migrate("r2");
  expect(existsSync(join(folder, "terraform.tfstate"))).toBe(false);
  expect(existsSync(join(folder, "providers"))).toBe(true);
});

test("the journal holds locks, addresses and hashes, and nothing else", async () => {
  await project.write("local", stateOf(1, { content: "a secret of the state" }));
  await project.interruptMigration(3, "r2");
  const text = readFileSync(journal(), "utf8");
  const { moves, ...rest } = JSON.parse(text);
  expect(rest).toEqual({ clusterFile: "cluster.yaml", from: "local", to: "r2", phase: "copied" });
  const { locks, ...move } = moves.find(({ stack }: { readonly stack: string }) => stack === "cluster");
  const hash = sha256(stateOf(1, { content: "a secret of the state" }));
  expect(move).toEqual({
    stack: "cluster",
    addresses: { from: project.store("local").address, to: project.store("r2").address },
    targetSha256: "",
    copiedSha256: hash,
  });
  for (const place of ["local", "r2"] as const) {
    const holder = await project.store(place).holder();
    expect((place === "local" ? locks.from : locks.to).ID).toBe(holder?.ID);
  }
  for (const [name, value] of Object.entries(backends.env)) {
    if (/KEY|PASSWORD/.test(name)) expect(text).not.toContain(value);
  }
  expect(text).not.toContain("a secret of the state");
  expect(await project.abortMigration()).toBe("the states are in local, as before");
  expect(await project.writable("local", "r2")).toEqual(["local"]);
  expect(existsSync(journal())).toBe(false);
});
