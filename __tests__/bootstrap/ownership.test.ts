import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Account } from "../../bootstrap/account";
import { Ownership, type OwnershipProps } from "../../bootstrap/ownership";
import { WorkDir } from "../../bootstrap/work-dir";
import type { BootstrapConfig } from "../../config";
import { R2_ITEM_PERMISSIONS } from "../../constructs/state-token";
import { TestAccount } from "./support/account";

const HOME = "home (10.0.0.5)";
const NAMES = ["bucket/tfstate", "bucket/tfstate-backup", "worker/tfstate", "token/tfstate"];

let cloudflare: TestAccount;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ownership-"));
  cloudflare = await TestAccount.start();
});
afterEach(async () => {
  await cloudflare.stop();
  rmSync(folder, { recursive: true });
});

/** A machine's work dir, and what it thinks that it owns. */
function ownership(props: Partial<OwnershipProps> = {}, change: Partial<BootstrapConfig> = {}) {
  const config = {
    accountId: cloudflare.cloudflare.accountId,
    bucketName: "tfstate",
    backupBucketName: "tfstate-backup",
    worker: { workerName: "tfstate" },
    token: { tokenName: "tfstate" },
    ...change,
  } as BootstrapConfig;
  const account = new Account(config, cloudflare.env, new AbortController().signal);
  const workDir = props.workDir ?? new WorkDir(mkdtempSync(join(folder, "work-")));
  return new Ownership({ config, cluster: HOME, account, workDir, ...props });
}
const workDir = () => new WorkDir(mkdtempSync(join(folder, "work-")));

const makeBucket = (name = "tfstate") => cloudflare.call("POST", "/r2/buckets", { name });
const makeToken = async (bucket = "tfstate", name = "tfstate") => {
  const { accountId } = cloudflare.cloudflare;
  const permission_groups = [{ id: R2_ITEM_PERMISSIONS.write }];
  const resources = { [`com.cloudflare.edge.r2.bucket.${accountId}_default_${bucket}`]: "*" };
  await cloudflare.call("POST", "/tokens", {
    name,
    policies: [{ effect: "allow", permission_groups, resources }],
  });
};
async function makeWorker(name = "tfstate"): Promise<void> {
  const { apiUrl, accountId, apiToken } = cloudflare.cloudflare;
  const form = new FormData();
  const code = "export default { fetch: () => new Response('theirs') };";
  form.set("index.mjs", new File([code], "index.mjs", { type: "application/javascript+module" }));
  form.set("metadata", JSON.stringify({ main_module: "index.mjs", compatibility_date: "2026-04-01" }));
  const response = await fetch(`${apiUrl}/accounts/${accountId}/workers/scripts/${name}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${apiToken}` },
    body: form,
  });
  expect(response.status).toBe(200);
}
const marker = async () => {
  const object = await (await cloudflare.objects("tfstate")).get("bootstrap.json");
  return object && JSON.parse(Buffer.from(object.bytes).toString());
};
const ownedBy = async (one: Ownership) => (await one.owned()).map(({ name }) => name);

test("a bucket is made with its marker; it can be repeated; names are in the marker before anything is made of them", async () => {
  await ownership().ensureBucket();
  expect(await marker()).toEqual({ cluster: HOME, owns: ["bucket/tfstate"] });
  const again = ownership();
  await again.ensureBucket();
  await again.claim();
  expect(await marker()).toEqual({ cluster: HOME, owns: NAMES });

  // An interrupted run has made them.
  expect(await ownedBy(ownership())).toEqual(["bucket/tfstate"]);
  await makeWorker();
  await makeToken();
  await ownership().ensureBucket();
  expect(await ownedBy(ownership())).toEqual(["bucket/tfstate", "worker/tfstate", "token/tfstate"]);
});

test.each([
  ["bucket/tfstate", makeBucket],
  ["bucket/tfstate-backup", () => makeBucket("tfstate-backup")],
  ["worker/tfstate", makeWorker],
  ["token/tfstate", makeToken],
])("%s that is there without a marker is not taken; it is adopted by its name", async (name, make) => {
  await make();
  const before = await cloudflare.inventory();
  await expect(ownership().ensureBucket()).rejects.toThrow(
    new RegExp(
      `has ${name} already, .*no bootstrap.json in a bucket tfstate lists them.* -- --adopt ${name}$`,
    ),
  );
  expect(await cloudflare.inventory()).toEqual(before);
  const adopting = ownership({ adopt: [name] });
  await adopting.ensureBucket();
  expect(await ownedBy(adopting)).toContain(name);
  await ownership().ensureBucket();
  await ownership().claim();
});

test("what is made while people look at the plan is not replaced", async () => {
  await ownership().ensureBucket();
  await makeWorker();
  await expect(ownership().claim()).rejects.toThrow("has worker/tfstate already");
  expect(await marker()).toEqual({ cluster: HOME, owns: ["bucket/tfstate"] });
  expect(await ownedBy(ownership())).toEqual(["bucket/tfstate"]);
});

test("another cluster's bucket is not taken, with nothing in it; one that was renamed is adopted", async () => {
  await ownership().ensureBucket();
  await ownership().claim();
  await makeWorker();
  const other = ownership({ cluster: "lab (10.0.1.5)" });
  await expect(other.ensureBucket()).rejects.toThrow(
    /has bucket\/tfstate, worker\/tfstate already, .* in the bucket tfstate says that they belong to cluster home \(10\.0\.0\.5\)/,
  );
  await expect(other.requireBucket()).rejects.toThrow("says that they belong to cluster home");
  await ownership({ cluster: "lab (10.0.1.5)", adopt: ["bucket/tfstate", "worker/tfstate"] }).ensureBucket();
  expect(await marker()).toEqual({ cluster: "lab (10.0.1.5)", owns: NAMES });
  await expect(ownership().ensureBucket()).rejects.toThrow("belong to cluster lab (10.0.1.5)");
});

test("a bucket that a cluster beside this one has made is ours, whichever of them describes the bootstrap", async () => {
  await ownership().ensureBucket();
  await ownership().claim();
  await makeWorker();
  const staging = ownership({ cluster: "staging (10.0.1.5)", clusters: [HOME, "staging (10.0.1.5)"] });
  await staging.ensureBucket();
  await staging.claim();
  expect(await marker()).toEqual({ cluster: "staging (10.0.1.5)", owns: NAMES });
});

test("another jurisdiction has a bucket of its own, and the Worker is not its own", async () => {
  await ownership().ensureBucket();
  await ownership().claim();
  await makeWorker();
  await expect(ownership({}, { jurisdiction: "eu" }).ensureBucket()).rejects.toThrow(
    "has worker/tfstate already",
  );
  const worker = { workerName: "tfstate-eu" } as BootstrapConfig["worker"];
  await expect(ownership({}, { jurisdiction: "eu", worker }).hasBucket()).resolves.toBe(false);
});

test("a name that the stack has no more is not in the marker any more, and not its own again", async () => {
  await ownership().ensureBucket();
  await ownership().claim();
  const renamed = ownership({}, { worker: { workerName: "states" } as BootstrapConfig["worker"] });
  await renamed.claim();
  expect((await marker()).owns).toEqual([...NAMES, "worker/states"]);
  await renamed.release();
  expect((await marker()).owns).toEqual([
    "bucket/tfstate",
    "bucket/tfstate-backup",
    "worker/states",
    "token/tfstate",
  ]);
  await makeWorker();
  await expect(ownership().ensureBucket()).rejects.toThrow("has worker/tfstate already");
});

test("a token for another bucket, or of another name, is none of the stack's", async () => {
  await makeBucket("other");
  await makeToken("other");
  await makeToken("tfstate", "other");
  await ownership().ensureBucket();
  await ownership().claim();
  expect(await ownedBy(ownership())).toEqual(["bucket/tfstate"]);
});

test("interrupted between bucket and marker, the same work dir goes on; with something in it, the bucket is somebody's", async () => {
  const here = workDir();
  const lost = cloudflare.api.loseAnswer(/^POST .*\/r2\/buckets$/);
  await expect(ownership({ workDir: here }).ensureBucket()).rejects.toThrow("does not answer");
  await lost;
  await expect(ownership().ensureBucket()).rejects.toThrow("has bucket/tfstate already");
  const objects = await cloudflare.objects("tfstate");
  await objects.put("photo.jpg", Buffer.from("x"), "absent");
  await expect(ownership({ workDir: here }).ensureBucket()).rejects.toThrow("has bucket/tfstate already");
  await objects.delete("photo.jpg");
  await expect(ownership({ workDir: here }, { jurisdiction: "eu" }).hasBucket()).resolves.toBe(false);
  await ownership({ workDir: here }).ensureBucket();
  expect(await marker()).toEqual({ cluster: HOME, owns: ["bucket/tfstate"] });
  expect(here.unmarkedBucket.read()).toBeUndefined();
});

test("a bucket that somebody makes at the same moment is theirs, also for the next run", async () => {
  const here = workDir();
  const held = cloudflare.api.holdRequest(/^POST .*\/r2\/buckets$/);
  const first = ownership({ workDir: here }).ensureBucket();
  await held.met;
  await makeBucket();
  held.release();
  await expect(first).rejects.toThrow("answers 409");
  await expect(ownership({ workDir: here }).ensureBucket()).rejects.toThrow("has bucket/tfstate already");
});

test("two clusters bootstrap at once: one has the bucket, and the other is told", async () => {
  const held = cloudflare.api.holdRequest(/^PUT \/tfstate\/bootstrap\.json$/);
  const first = ownership().ensureBucket();
  await held.met;
  const lab = ownership({ cluster: "lab (10.0.1.5)", adopt: ["bucket/tfstate"] });
  await lab.ensureBucket();
  held.release();
  await expect(first).rejects.toThrow("another run has changed bootstrap.json");
  expect((await marker()).cluster).toBe("lab (10.0.1.5)");
});

test("the answer to a marker is lost: what is there decides", async () => {
  const lost = cloudflare.api.loseAnswer(/^PUT \/tfstate\/bootstrap\.json$/);
  await ownership().ensureBucket();
  await lost;
  const again = cloudflare.api.loseAnswer(/^PUT \/tfstate\/bootstrap\.json$/);
  await ownership().claim();
  await again;
  expect(await marker()).toEqual({ cluster: HOME, owns: NAMES });
});

test("a destroy interrupted between marker and bucket goes on in the same work dir, and nowhere else", async () => {
  const here = workDir();
  await ownership().ensureBucket();
  expect(await ownership({ workDir: here }).requireBucket()).toBe(true);
  const lost = cloudflare.api.loseAnswer(/^DELETE \/tfstate\/bootstrap\.json$/);
  await expect(ownership({ workDir: here }).deleteBucket()).rejects.toThrow("does not answer");
  await lost;
  await expect(ownership().requireBucket()).rejects.toThrow("has bucket/tfstate already");
  expect(await ownership({ workDir: here }).requireBucket()).toBe(false);
  await ownership({ workDir: here }).deleteBucket();
  expect(await cloudflare.inventory()).toMatchObject({ buckets: [] });
  expect(here.unmarkedBucket.read()).toBeUndefined();
});

test("what is no marker, and a name that is none of the stack's, are said", async () => {
  expect(() => ownership({ adopt: ["worker/other"] })).toThrow(
    `--adopt worker/other is not one of ${NAMES.join(", ")}`,
  );
  await makeBucket();
  await (await cloudflare.objects("tfstate")).put("bootstrap.json", Buffer.from("{}"), "absent");
  await expect(ownership().ensureBucket()).rejects.toThrow(
    /the object bootstrap\.json is damaged, .*adopt everything of this cluster/,
  );
});
