import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withStateLock } from "../../bootstrap/state-lock";
import { WorkDir } from "../../bootstrap/work-dir";
import { newLock } from "../../state/locks";
import { R2Client } from "../../state/r2-client";
import { R2Store } from "../../state/r2-store";
import { TestAccount } from "./support/account";

let account: TestAccount;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "state-lock-"));
  account = await TestAccount.start();
  await account.call("POST", "/r2/buckets", { name: "tfstate" });
});
afterAll(async () => {
  await account.stop();
  rmSync(folder, { recursive: true });
});

const store = async () => new R2Store(await account.objects("tfstate"), "tfstate", "bootstrap.tfstate");
const workDir = () => new WorkDir(mkdtempSync(join(folder, "work-")));
const { signal } = new AbortController();

test("it is held while the work is done, and given back, also where that fails", async () => {
  const [at, here] = [await store(), workDir()];
  const held = await withStateLock({ store: at, workDir: here, signal }, () => at.holder());
  expect(held).toMatchObject({ Operation: "bootstrap" });
  expect(await at.holder()).toBeUndefined();
  const failing = withStateLock({ store: at, workDir: here, signal }, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect([await at.holder(), here.lockId.read()]).toEqual([undefined, undefined]);
});

test("who comes second waits, then has it", async () => {
  const [at, lock] = [await store(), newLock("OperationTypeApply")];
  await at.lock(lock);
  const done: string[] = [];
  const second = withStateLock({ store: at, workDir: workDir(), signal }, async () => {
    done.push("second");
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  done.push("first");
  await at.unlock(lock);
  await second;
  expect(done).toEqual(["first", "second"]);
});

test("who does not give it back in time is named, with the command that removes the lock", async () => {
  const [at, here, lock] = [await store(), workDir(), newLock("OperationTypeApply")];
  await at.lock(lock);
  const late = withStateLock({ store: at, workDir: here, signal, timeoutMs: -1 }, async () => undefined);
  await expect(late).rejects.toThrow(
    new RegExp(
      `is locked by .*OperationTypeApply.*has ended: npm run state -- unlock ${lock.ID} --stack bootstrap$`,
    ),
  );
  await at.unlock(lock);
});

test("a lock that a power cut left is taken over in the work dir that had it, and nowhere else", async () => {
  const [at, here] = [await store(), workDir()];
  // The power goes while the work is done: neither the lock nor the note is tidied up.
  let goOn = () => {};
  const cut = withStateLock(
    { store: at, workDir: here, signal },
    () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      }),
  );
  while (!(await at.holder())) await new Promise((resolve) => setTimeout(resolve, 20));
  const left = await at.holder();
  expect(here.lockId.read()).toBe(left?.ID);

  const elsewhere = withStateLock(
    { store: at, workDir: workDir(), signal, timeoutMs: -1 },
    async () => undefined,
  );
  await expect(elsewhere).rejects.toThrow(`lock ${left?.ID}`);
  const next = await withStateLock({ store: at, workDir: here, signal, timeoutMs: -1 }, () => at.holder());
  expect(next?.ID).toBe(left?.ID);
  expect(await at.holder()).toBeUndefined();
  goOn();
  await cut;
});

test("an answer to the unlock that is lost does not leave the lock to anybody else", async () => {
  const [at, here] = [await store(), workDir()];
  const pair = await account.keyPair();
  const client = new R2Client(account.api.url, "tfstate", {
    accessKeyId: pair.AWS_ACCESS_KEY_ID,
    secretAccessKey: pair.AWS_SECRET_ACCESS_KEY,
  });
  const throughGateway = new R2Store(client, "tfstate", "bootstrap.tfstate");
  const lost = account.api.loseAnswer(/^DELETE .*\.tflock$/);
  await withStateLock({ store: throughGateway, workDir: here, signal }, async () => undefined);
  await lost;
  expect(await at.holder()).toBeUndefined();
});
