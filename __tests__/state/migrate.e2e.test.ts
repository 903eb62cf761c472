import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { newLock } from "../../state/locks";
import { replaceState } from "../../state/replace";
import { snapshot } from "../../state/snapshot";
import { withLock } from "../../state/with-lock";
import { QUICK_KEY } from "../support/quick-key";
import type { StateProject } from "./support/project";
import { TofuClient } from "./support/tofu-client";
import { useBackends } from "./support/use-backends";

const PASSPHRASE = "correct horse battery staple";

const backends = useBackends();

/** A project whose state an apply has written, and the machine that did so. */
async function deploy(backend: StateBackend, encryption = "{ provider: off, reason: a test }") {
  const env = { TF_VAR_state_passphrase: PASSPHRASE, TF_ENCRYPTION: QUICK_KEY };
  const project = backends.project({ backend, env, state: [`encryption: ${encryption}`] });
  const laptop = new TofuClient(project);
  await laptop.init();
  expect(await laptop.apply(1)).toMatchObject({ exitCode: 0 });
  return { project, laptop };
}

async function serialOf(project: StateProject, backend = project.backend) {
  const bytes = await project.store(backend).read();
  return bytes && snapshot(bytes, backend).serial;
}
/** Waits until somebody holds the lock. */
async function whileLocked(project: StateProject): Promise<void> {
  while (!(await project.store().holder())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test.each([
  ["plain", undefined],
  ["encrypted", "{ provider: pbkdf2 }"],
])("%s: local, r2, worker, r2, local, each time with a writer in between", async (_, encryption) => {
  const { project, laptop } = await deploy("local", encryption);
  let step = 1;
  for (const to of ["r2", "worker", "r2", "local"] as const) {
    const from = project.backend;
    const old = new TofuClient(project, `old-${step}`);
    await old.init();

    // A writer at work keeps its state where it is, and what it writes is what moves.
    step++;
    const done = join(project.folder, `done-${step}`);
    const writer = laptop.apply(step, `-var=until=${done}`);
    await whileLocked(project);
    await expect(project.migrate(to)).rejects.toThrow("is locked by");
    writeFileSync(done, "");
    expect((await writer).exitCode).toBe(0);
    const serial = await serialOf(project);

    await project.migrate(to);
    expect(project.backend).toBe(to);
    expect(await serialOf(project)).toBe(serial);

    // Who has not heard of it is refused and told; what they can read is what was left behind.
    const late = await old.apply(99);
    expect(late).toMatchObject({ exitCode: 1 });
    expect(late.said).toContain(`the state is kept in ${project.store(to).address}`);
    expect(await serialOf(project, from)).toBe(serial);

    await laptop.synth().init();
    expect(await laptop.isUpToDate(step)).toBe(true);
  }
});

test("cdktf's folder still knows the old backend after a change by hand, and init refuses; after migrate it does not", async () => {
  const { project, laptop } = await deploy("local");
  const other = new TofuClient(project, "other");
  await other.init();
  await project.migrate("r2");
  const refused = await other.synth().tryInit();
  expect(refused.exitCode).toBe(1);
  expect(refused.said).toContain("Backend configuration changed");
  await laptop.synth().init();
});

test("a client that waits for the local lock reads what was written under it", async () => {
  const { project, laptop } = await deploy("local");
  const store = project.store();
  const lock = newLock("test");
  const first = await store.read();
  await laptop.apply(2);
  await store.lock(lock);
  const waiting = laptop.apply(3, "-lock-timeout=60s");
  const refused = await laptop.apply(9);
  expect(refused.said).toContain("Error acquiring the state lock");
  expect(refused.said).toContain(lock.ID);
  // Shorter, and older, than what is in the file that the client has open.
  await store.write(first ?? Buffer.alloc(0), lock);
  await store.unlock(lock);
  expect((await waiting).exitCode).toBe(0);
  const { serial } = snapshot(first ?? Buffer.alloc(0), "first");
  expect(await serialOf(project)).toBeGreaterThan(serial);
  expect(await laptop.isUpToDate(3)).toBe(true);
});

test("a client that waits for the local lock while the state moves away is refused", async () => {
  const { project, laptop } = await deploy("local");
  const store = project.store();
  const lock = newLock("test");
  await store.lock(lock);
  const waiting = laptop.apply(2, "-lock-timeout=60s");
  await new Promise((resolve) => setTimeout(resolve, 500));
  await store.freeze({ ...lock, Operation: "frozen", Info: "the state is kept in r2 elsewhere" });
  const late = await waiting;
  expect(late).toMatchObject({ exitCode: 1 });
  expect(late.said).toContain("the state is kept in r2 elsewhere");
});

test.each<[StateBackend, string | undefined]>([
  ["r2", undefined],
  ["local", "{ provider: pbkdf2 }"],
  ["worker", "{ provider: pbkdf2 }"],
])(
  "%s: an older version, encrypted or not, is restored byte for byte, and the next apply goes on from it",
  async (backend, encryption) => {
    const { project, laptop } = await deploy(backend, encryption);
    const store = project.store();
    await store.keepVersion();
    const first = await store.read();
    await laptop.apply(2);
    const versions = await store.versions();
    const before = first && snapshot(first, "first");
    const older = versions.find(({ sha256 }) => sha256 !== undefined && before?.sha256.startsWith(sha256));
    await withLock(store, "restore", (lock) => store.restore(older?.id ?? "", lock));
    expect(Buffer.from((await store.read()) ?? []).equals(first ?? Buffer.alloc(1))).toBe(true);
    expect(await laptop.isUpToDate(1)).toBe(true);
    expect((await laptop.apply(3)).exitCode).toBe(0);
    expect(await serialOf(project)).toBeGreaterThan(before?.serial ?? Number.NaN);
    expect(await laptop.isUpToDate(3)).toBe(true);
  },
);

test("what pull wrote can be pushed to an empty backend, and the next plan is empty", async () => {
  const { project, laptop } = await deploy("worker", "{ provider: pbkdf2 }");
  const store = project.store();
  const saved = snapshot((await store.read()) ?? Buffer.alloc(0), "saved");
  await withLock(store, "loss", (lock) => store.remove(lock));
  await replaceState(store, saved, { operation: "push", force: [] });
  expect(await laptop.isUpToDate(1)).toBe(true);
});
