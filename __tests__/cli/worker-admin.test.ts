import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { verifyPassword } from "../../worker/src/auth/password";
import { type AuditEntry, verifyAudit } from "../../worker/src/sqlite/audit-chain";
import { requirePlain } from "../support/plain-output";
import { TYPESCRIPT } from "../support/running-program";
import { jsonList } from "../worker/conformance/case";
import { lockInfo, State, send, stateBody } from "../worker/conformance/client";
import { ownerPassword, startTestWorker, type TestWorker } from "../worker/support/harness";

/** `npm run worker:admin`, against a Worker that runs. */
const root = join(__dirname, "..", "..");
let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker();
  for (const name of ["a", "b"]) {
    const state = new State(worker.owner, name);
    const info = lockInfo();
    await state.lock(info);
    await state.post(stateBody({ serial: 1, lineage: name }), info.ID);
    await state.unlock(info);
  }
});
afterAll(() => worker.stop());

const admin = (...args: string[]): Promise<string> => adminWith(ownerPassword, ...args);

async function adminWith(password: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, TFSTATE_USERNAME: "owner", TFSTATE_PASSWORD: password };
  const words = [...TYPESCRIPT, "cli/worker-admin.ts", ...args];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { cwd: root, env });
  requirePlain({ command: args, stdout, stderr, isWhole: true });
  return stdout;
}

test("hash-password prints a hash that matches only the password", async () => {
  const hash = (await admin("hash-password", "--iterations", "1000")).trim();
  expect(hash).toMatch(/^pbkdf2-sha256\$1000\$/);
  expect(await verifyPassword(ownerPassword, hash)).toBe(true);
  expect(await verifyPassword(`${ownerPassword}x`, hash)).toBe(false);
  expect(await verifyPassword(hash, hash)).toBe(false);
});

test.each([
  ["a password that the Worker would take for a token", "tfs_secret-of-mine", [], "tfs_"],
  ["a hash", `pbkdf2-sha256$1000$${"A".repeat(22)}$${"A".repeat(43)}`, [], "hash"],
  ["a line break at the end of a password", "secret-of-mine\n", [], "control character"],
  ["more iterations than the runtime allows", "secret-of-mine", ["--iterations", "600000"], "100000"],
  ["no iterations", "secret-of-mine", ["--iterations", "many"], "100000"],
])("hash-password refuses %s", async (_, password, args, told) => {
  const said = await adminWith(password, "hash-password", ...args).then(
    () => "nothing",
    ({ stderr }: { readonly stderr: string }) => stderr,
  );
  expect(said).toContain(told);
  expect(said).not.toContain("secret-of-mine");
});

test("verify-audit checks the chain of each state and of the deployment", async () => {
  const output = await admin("verify-audit", "--url", worker.owner.url);
  expect(output.trim().split("\n")).toEqual(Array(3).fill(expect.stringMatching(/^ok/)));
});

/** A command that fails: its exit code, and the lines that it printed. */
async function failedAdmin(
  ...args: string[]
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const failed = (await admin(...args).catch((error: unknown) => error)) as { code: number; stdout: string };
  return { code: failed.code, lines: failed.stdout.trim().split("\n") };
}

test("verify-audit names a state that it cannot check, and goes on with the others", async () => {
  const fresh = await startTestWorker();
  try {
    await new State(fresh.owner, "b").post(stateBody({ serial: 1 }));
    // As an earlier Worker did it, which listed every object of the bucket, whatever its name.
    const directory = await fresh.miniflare.getDurableObjectNamespace("DIRECTORY");
    const stub = directory.getByName("directory") as unknown as { addStates(refs: object[]): Promise<void> };
    await stub.addStates([{ namespace: "owner", name: "a%b" }]);
    const { code, lines } = await failedAdmin("verify-audit", "--url", fresh.owner.url);
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^ok {6}deployment/),
      expect.stringMatching(/^FAILED {2}a%b: .*bad_state_name/),
      expect.stringMatching(/^ok {6}b/),
    ]);
  } finally {
    await fresh.miniflare.dispose();
  }
});

test("an object whose name no state can have is not listed as one", async () => {
  const fresh = await startTestWorker();
  try {
    const bucket = await fresh.miniflare.getR2Bucket("BUCKET");
    for (const name of ["odd%name", "fine"])
      await bucket.put(`owner/${name}.tfstate`, stateBody({ serial: 1 }));
    await fresh.miniflare.dispatchFetch("http://localhost/cdn-cgi/mf/scheduled");
    const reply = await send(fresh.owner, "GET", "/states");
    expect(jsonList(reply).map(({ name }) => name)).toEqual(["fine"]);
  } finally {
    await fresh.miniflare.dispose();
  }
});

test("verify-audit compares each chain with the heads that its copies carry, so that a cut-off end shows", async () => {
  const fresh = await startTestWorker();
  try {
    const state = new State(fresh.owner, "a");
    for (const serial of [1, 2, 3]) {
      await state.post(stateBody({ serial }));
      await state.send("POST", "/backup");
    }
    const ok = await admin("verify-audit", "--url", fresh.owner.url);
    expect(ok).toMatch(/^ok {6}a$/m);
    const backup = await fresh.miniflare.getR2Bucket("BACKUP");
    const [copy] = (await backup.list({ prefix: "versions/owner/a/", include: ["customMetadata"] })).objects;
    const put = (auditSeq: string, auditHash: string): Promise<unknown> =>
      backup.put(copy?.key ?? "", "{}", { customMetadata: { ...copy?.customMetadata, auditSeq, auditHash } });
    // What the copies would know, had somebody cut off the end of the chain or written it anew.
    await put("9", "0".repeat(64));
    const cutOff = await failedAdmin("verify-audit", "--url", fresh.owner.url);
    expect(cutOff.lines).toContainEqual(
      expect.stringMatching(/^BROKEN {2}a: entry 9, .* is missing at the end/),
    );
    await put("2", "0".repeat(64));
    const rewritten = await failedAdmin("verify-audit", "--url", fresh.owner.url);
    expect(rewritten.lines).toContainEqual(expect.stringMatching(/^BROKEN {2}a: entry 2 is not the one/));
  } finally {
    await fresh.miniflare.dispose();
  }
});

test("a chain in which an entry was changed, removed, added or moved is invalid", async () => {
  const entries = jsonList(
    await new State(worker.owner, "a").send("GET", "/audit"),
  ) as unknown as AuditEntry[];
  const [first, second, third] = entries;
  if (!first || !second || !third) throw new Error("three entries were expected");
  expect(verifyAudit(entries)).toBeNull();
  for (const chain of [
    [first, { ...second, who: "someone else" }, third],
    [first, third],
    [second, third],
    [first, third, second],
    [first, first, second, third],
  ]) {
    expect(verifyAudit(chain)).not.toBeNull();
  }
});

test("the help shows no password", async () => {
  for (const command of ["export", "verify-audit"]) {
    const help = await admin(command, "--help");
    expect(help).toMatch(/TFSTATE_PASSWORD/);
    expect(help).not.toContain(ownerPassword);
  }
});

test("export continues after a state that cannot be read, and names it", async () => {
  const bucket = await worker.miniflare.getR2Bucket("BUCKET");
  const broken = new State(worker.owner, "aa");
  await broken.post(stateBody({ serial: 1 }));
  await bucket.put("owner/aa.tfstate", stateBody({ serial: 9, lineage: "foreign" }));
  const folder = mkdtempSync(join(tmpdir(), "tfstate-export-"));
  try {
    const failed = (await admin("export", "--url", worker.owner.url, "--out", folder).catch(
      (error: unknown) => error,
    )) as { readonly code: number; readonly stderr: string };
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^aa: .*foreign_write/);
    expect(readdirSync(folder).sort()).toEqual(["a.tfstate", "b.tfstate"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await broken.send("DELETE");
  }
});

test("export writes files that plain tofu reads, for the owner's eyes only", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tfstate-export-"));
  try {
    await admin("export", "--url", worker.owner.url, "--out", folder);
    expect(readdirSync(folder).sort()).toEqual(["a.tfstate", "b.tfstate"]);
    expect(readFileSync(join(folder, "a.tfstate"), "utf8")).toBe(stateBody({ serial: 1, lineage: "a" }));
    expect(statSync(join(folder, "a.tfstate")).mode & 0o077).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
