import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countR2, measuredR2 } from "../../../bench/cost/r2-usage";
import { type Counts, usageOf } from "../../../bench/cost/usage";
import { countWorker, measuredWorker } from "../../../bench/cost/worker-usage";
import { QUICK_KEY } from "../../support/quick-key";

/* Real plans and applies: whoever changes what the Worker asks of R2, or forgets to count, sees it here. */

const folder = mkdtempSync(join(tmpdir(), "cost-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const toolchain = { tofu: process.env.TERRAFORM_BINARY_NAME ?? "tofu", env: { TF_ENCRYPTION: QUICK_KEY } };
const { signal } = new AbortController();

/** The counts whose names start with a text. */
const only = (counts: Counts, start: string): Counts =>
  Object.fromEntries(Object.entries(counts).filter(([what]) => what.startsWith(start)));

test("the S3 backend writes and removes its lock, and an apply writes the state once", async () => {
  const counts = await countR2({ toolchain, signal, folder: join(folder, "r2") });
  expect(counts.plan).toMatchObject({ PutObject: 1, DeleteObject: 1 });
  expect(counts.apply).toMatchObject({ PutObject: 2, DeleteObject: 1 });
  const { plan, apply } = measuredR2(counts);
  expect(apply.classA - plan.classA).toBe(1);
  expect(plan.classB).toBe((counts.plan.GetObject ?? 0) + (counts.plan.HeadObject ?? 0));
  expect(apply).toMatchObject({ workerRequests: 0, objectRequests: 0, rowsRead: 0, rowsWritten: 0 });
});

test("the Worker", async () => {
  const counts = await countWorker({ toolchain, signal, folder: join(folder, "worker") });

  // init and the plan read the state; the apply writes it once, within its lock.
  const locked = { "worker GET": 2, "worker LOCK": 1, "worker UNLOCK": 1 };
  expect(only(counts.plan, "worker ")).toEqual(locked);
  expect(only(counts.apply, "worker ")).toEqual({ ...locked, "worker POST": 1 });
  // Each request is one to the state's object. The password is checked once, and the alarm comes once.
  const asked = { "object read": 2, "object lock": 1, "object unlock": 1, "object alarm": 1 };
  expect(counts.plan).toMatchObject({ ...asked, "object verifyPassword": 1 });
  expect(counts.apply).toMatchObject({ ...asked, "object verifyPassword": 1, "object write": 1 });
  // The lock file comes and goes; a version is one object in the history and one for S3 clients.
  expect(counts.plan).toMatchObject({ PutObject: 1, DeleteObject: 1 });
  expect(counts.apply).toMatchObject({ PutObject: 3, DeleteObject: 1 });
  expect(counts.versions).toBe(1);
  expect(usageOf(counts.apply).rowsWritten).toBeGreaterThan(usageOf(counts.plan).rowsWritten);

  // A copy is one of that day and the latest, each read from the bucket of the states.
  const [nothingToCopy, copied] = counts.backups;
  expect(only(nothingToCopy, "worker ")).toEqual({ "worker cron": 1 });
  expect(nothingToCopy.PutObject).toBeUndefined();
  expect(copied).toMatchObject({ "object backUp": 1, PutObject: 2, GetObject: 2, "object alarm": 1 });
  expect(only(counts.alarm, "object ")).toEqual({ "object alarm": 1 });

  const measured = measuredWorker(counts);
  for (const part of [
    measured.plan,
    measured.apply,
    measured.alarm,
    measured.backup,
    measured.backupOfState,
  ]) {
    for (const value of Object.values(part)) expect(value).toBeGreaterThanOrEqual(0);
  }
  // A lock's row and two lines of audit stay for good, and of an apply a version's row as well.
  expect(measured.databaseBytes.plan).toBeGreaterThan(300);
  expect(measured.databaseBytes.apply).toBeGreaterThan(measured.databaseBytes.plan);
});
