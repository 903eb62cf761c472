import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { verifyPassword } from "../../worker/src/auth/password";
import { type AuditEntry, verifyAudit } from "../../worker/src/sqlite/audit-chain";
import { jsonList } from "../worker/conformance/case";
import { lockInfo, State, stateBody } from "../worker/conformance/client";
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
}, 60_000);
afterAll(() => worker.stop());

const admin = (...args: string[]): Promise<string> => adminWith(ownerPassword, ...args);

async function adminWith(password: string, ...args: readonly string[]): Promise<string> {
  const program = [
    join("node_modules", "ts-node", "dist", "bin.js"),
    "--swc",
    join("cli", "worker-admin.ts"),
  ];
  const env = { ...process.env, TFSTATE_USERNAME: "owner", TFSTATE_PASSWORD: password };
  return (await promisify(execFile)(process.execPath, [...program, ...args], { cwd: root, env })).stdout;
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
