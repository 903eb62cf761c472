import { equal, match, ok } from "node:assert/strict";
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

/** What an operator does from a shell. */
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

async function admin(...args: string[]): Promise<string> {
  const program = [
    join("node_modules", "ts-node", "dist", "bin.js"),
    "--swc",
    join("cli", "worker-admin.ts"),
  ];
  const env = { ...process.env, TFSTATE_USERNAME: "owner", TFSTATE_PASSWORD: ownerPassword };
  return (await promisify(execFile)(process.execPath, [...program, ...args], { cwd: root, env })).stdout;
}

test("hash-password prints a hash that opens for the password alone", async () => {
  const hash = (await admin("hash-password", "--iterations", "1000")).trim();
  match(hash, /^pbkdf2-sha256\$1000\$/);
  equal(await verifyPassword(ownerPassword, hash), true);
  equal(await verifyPassword(`${ownerPassword}x`, hash), false);
  equal(await verifyPassword(hash, hash), false);
});

test("verify-audit checks the chain of each state and of the deployment", async () => {
  const output = await admin("verify-audit", "--url", worker.owner.url);
  equal(
    output
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("ok")).length,
    3,
    output,
  );
});

test("a chain with an entry changed, removed, put in or moved is found out", async () => {
  const entries = jsonList(
    await new State(worker.owner, "a").send("GET", "/audit"),
  ) as unknown as AuditEntry[];
  const [first, second, third] = entries;
  if (!first || !second || !third) throw new Error("three entries were expected");
  equal(verifyAudit(entries), null);
  for (const chain of [
    [first, { ...second, who: "someone else" }, third],
    [first, third],
    [second, third],
    [first, third, second],
    [first, first, second, third],
  ]) {
    ok(verifyAudit(chain) !== null);
  }
});

test("the help shows no password", async () => {
  for (const command of ["export", "verify-audit"]) {
    const help = await admin(command, "--help");
    match(help, /TFSTATE_PASSWORD/);
    ok(!help.includes(ownerPassword));
  }
});

test("export goes on after a state that cannot be read, and says so", async () => {
  const bucket = await worker.miniflare.getR2Bucket("BUCKET");
  const broken = new State(worker.owner, "aa");
  await broken.post(stateBody({ serial: 1 }));
  await bucket.put("owner/aa.tfstate", stateBody({ serial: 9, lineage: "foreign" }));
  const folder = mkdtempSync(join(tmpdir(), "tfstate-export-"));
  try {
    const failed = (await admin("export", "--url", worker.owner.url, "--out", folder).catch(
      (error: unknown) => error,
    )) as { readonly code: number; readonly stderr: string };
    equal(failed.code, 1);
    match(failed.stderr, /^aa: .*foreign_write/);
    equal(readdirSync(folder).sort().join(), "a.tfstate,b.tfstate");
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await broken.send("DELETE");
  }
});

test("export writes files that plain tofu reads, for the owner's eyes only", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tfstate-export-"));
  try {
    await admin("export", "--url", worker.owner.url, "--out", folder);
    equal(readdirSync(folder).sort().join(), "a.tfstate,b.tfstate");
    equal(readFileSync(join(folder, "a.tfstate"), "utf8"), stateBody({ serial: 1, lineage: "a" }));
    equal(statSync(join(folder, "a.tfstate")).mode & 0o077, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
