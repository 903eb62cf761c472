import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Snapshot, snapshot } from "../../state/snapshot";
import type { TofuProject } from "../support/tofu-project";
import { TestAccount } from "./support/account";
import type { Held } from "./support/gateway";
import { Laptop } from "./support/laptop";
import { exported, teamStack } from "./support/team-stack";

// One account and one laptop, from an empty account to an empty account: each test goes on where the last one ended.

const USER = "me";
const PASSWORD = "hunter2-of-the-owner";
const OTHER_PASSWORD = "hunter3-of-the-owner";
const PASSPHRASE = "correct horse battery staple";

let account: TestAccount;
let laptop: Laptop;
let team: TofuProject;
let variables: Record<string, string>;

beforeAll(async () => {
  account = await TestAccount.start();
  laptop = new Laptop({
    ...account.env,
    STATE_BACKEND: "worker",
    TF_VAR_state_passphrase: PASSPHRASE,
    TF_VAR_tfstate_username: USER,
    TF_VAR_tfstate_password: PASSWORD,
  });
});
afterAll(async () => {
  team?.remove();
  await laptop.remove();
  await account.stop();
});

/** Asks the Worker as its owner. */
async function ask(path: string, password = PASSWORD, init: RequestInit = {}): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${USER}:${password}`).toString("base64")}`;
  return fetch(`${account.worker.url}${path}`, { ...init, headers: { authorization } });
}

/** The state of the bootstrap stack, in the bucket. */
async function readState(): Promise<Snapshot> {
  const object = await (await account.objects("tfstate")).get("bootstrap.tfstate");
  return snapshot(object?.bytes ?? new Uint8Array(), "the bucket");
}

const copies = () => readdirSync(join(laptop.workDir, "backups"));

test("interrupted at each step, the next run is an ordinary one; one of everything and one lineage come of it", async () => {
  const said: string[] = [];
  let run = laptop.start("--yes");
  const cut = async () => {
    await run.powerCut();
    said.push((await run.ended).said);
    run = laptop.start("--yes");
  };
  const cutAt = async (...held: readonly Held[]) => {
    await run.until(Promise.all(held.map(({ met }) => met)));
    await cut();
  };
  const { api, worker } = account;

  await cutAt(api.holdRequest(/^GET .*\/r2\/buckets\/tfstate$/));
  // There is a bucket without a marker, then with one, then locked.
  await cutAt(api.holdAnswer(/^POST .*\/r2\/buckets$/));
  await cutAt(api.holdAnswer(/^PUT \/tfstate\/bootstrap\.json$/));
  await cutAt(api.holdAnswer(/^PUT \/tfstate\/bootstrap\.tfstate\.tflock$/));
  await run.says("❯ Synth");
  await cut();
  // The bucket is in the state, and OpenTofu has not heard of it.
  await cutAt(api.holdAnswer(/^PUT \/tfstate\/bootstrap\.tfstate$/));
  const { lineage } = await readState();
  await run.says("❯ Plan");
  await cutAt(api.holdRequest(/^GET .*\/workers\/scripts$/));
  // The names are in the marker; then the bucket of the copies is made, and no state knows it.
  await cutAt(api.holdAnswer(/^PUT \/tfstate\/bootstrap\.json$/));
  await cutAt(api.holdAnswer(/^POST .*\/r2\/buckets$/));
  // Likewise the token, whose value is now lost, and the Worker, whose classes are there.
  await cutAt(api.holdAnswer(/^POST .*\/tokens$/), api.holdAnswer(/^PUT .*\/scripts\/tfstate$/));

  // Ctrl-C goes to the whole group; the operation at hand comes to its end.
  const cron = api.holdAnswer(/^PUT .*\/schedules$/);
  await run.until(cron.met);
  process.kill(-(run.child.pid ?? 0), "SIGINT");
  setTimeout(cron.release, 1_000);
  const interrupted = await run.ended;
  expect(interrupted.end).toBe(130);
  expect(interrupted.said).toContain("stopped; run it again: it goes on from here");
  expect(laptop.processes()).toEqual([]);
  said.push(interrupted.said);

  run = laptop.start("--yes");
  await cutAt(worker.holdRequest(/^GET \/health$/));
  await run.says("❯ Second plan");
  await cut();
  await cutAt(api.holdAnswer(/^DELETE \/tfstate\/bootstrap\.tfstate\.tflock$/));
  const last = await run.ok();
  said.push(last.said);
  expect(last.said).toMatch(/✔ Import: nothing to import .*✔ Plan: nothing to do .*✔ Second plan: empty/);

  variables = exported((await laptop.ok("env")).stdout);
  expect(await account.inventory()).toEqual({
    buckets: ["tfstate", "tfstate-backup"],
    tokens: [variables.AWS_ACCESS_KEY_ID],
    scripts: ["tfstate"],
  });
  expect(await readState()).toMatchObject({ lineage, encrypted: true });
  const keys = (await (await account.objects("tfstate")).list("")).map(({ key }) => key);
  expect(keys).toEqual(["bootstrap.json", "bootstrap.tfstate"]);
  const secrets = [PASSWORD, PASSPHRASE, account.cloudflare.apiToken, `${variables.AWS_SECRET_ACCESS_KEY}`];
  expect(laptop.findInFiles(secrets)).toEqual([]);
  for (const secret of secrets) expect(said.join()).not.toContain(secret);
});

test("the variables that it prints are all that another stack needs, and the page shows it", async () => {
  team = teamStack(laptop.folder, variables, { backend: "worker", url: account.env.STATE_URL });
  await team.ok("init", "-input=false");
  await team.ok("apply", "-input=false", "-auto-approve");
  expect((await team.plan()).exitCode).toBe(0);
  const page = await ask("/");
  expect({ status: page.status, html: await page.text() }).toMatchObject({
    status: 200,
    html: expect.stringContaining("proxmox"),
  });
});

test("the Worker's own password changes, in place; its histories stay, and clients are told the new one", async () => {
  const before = await (await ask("/states/proxmox/versions")).json();
  expect(before).toHaveLength(1);
  // The client's own variable still has the password of before.
  laptop.set({ ...variables, TF_VAR_tfstate_password: OTHER_PASSWORD });
  const { said } = await laptop.ok("--yes");
  expect(said).toMatch(/✔ Plan: 1 to add, 1 to change, 1 to destroy\..*✔ Second plan: empty/);
  // By name, and not as OpenTofu has it: that is for who asks for it.
  expect(said).toMatch(
    / 1 to change in place, 1 to REPLACE .*! replace terraform_data\.\S+ .*\(--whole-plan shows/,
  );
  expect(said).toMatch(/~ update cloudflare_workers_script\.\S+ /);
  expect(said).not.toMatch(/ will be updated in-place|must be replaced|not of one node/);
  expect((await ask("/states/proxmox")).status).toBe(401);
  expect(await (await ask("/states/proxmox/versions", OTHER_PASSWORD)).json()).toEqual(before);
  expect(laptop.findInFiles([PASSWORD, OTHER_PASSWORD])).toEqual([]);
  const now = exported((await laptop.ok("env")).stdout);
  expect(now).toEqual({ ...variables, TF_HTTP_PASSWORD: OTHER_PASSWORD });
});

test("disaster drill: the bucket is lost, is made again beside what is left, and the states come back from the copies", async () => {
  expect(await account.cloudflare.runSchedule("tfstate", "17 3 * * *")).toBe("ok");

  // Whoever has the API token can do this; the key pair of the states cannot.
  const bucket = await account.objects("tfstate");
  await account.call("PUT", "/r2/buckets/tfstate/lock", { rules: [] });
  for (const { key } of await bucket.list("")) await bucket.delete(key);
  expect(await account.call("DELETE", "/r2/buckets/tfstate")).toMatchObject({ status: 200 });
  expect((await team.plan()).exitCode).toBe(1);

  // The marker is lost too, so nothing is taken over without being asked for.
  const refused = await laptop.start("--yes").ended;
  const adopt = ["--adopt", "bucket/tfstate-backup", "--adopt", "worker/tfstate", "--adopt", "token/tfstate"];
  expect(refused).toMatchObject({ end: 1, said: expect.stringContaining(adopt.join(" ")) });
  expect(await account.inventory()).toMatchObject({ buckets: ["tfstate-backup"], scripts: ["tfstate"] });

  const { said } = await laptop.ok("--yes", "--whole-plan", ...adopt);
  expect(said).toMatch(
    / cloudflare_account_token\.\S+ will be created .*\+ create cloudflare_account_token\./,
  );
  expect(said).toMatch(
    /✔ Import: bucket\/tfstate, bucket\/tfstate-backup, worker\/tfstate .*✔ Second plan: empty/,
  );
  const old = variables.AWS_ACCESS_KEY_ID;
  variables = exported((await laptop.ok("env")).stdout);
  expect(variables.AWS_ACCESS_KEY_ID).not.toBe(old);
  expect(await account.inventory()).toEqual({
    buckets: ["tfstate", "tfstate-backup"],
    tokens: [variables.AWS_ACCESS_KEY_ID],
    scripts: ["tfstate"],
  });
  expect(await account.call("GET", "/r2/buckets/tfstate/lock")).toMatchObject({
    result: { rules: [{ id: "keep-history" }] },
  });

  const restored = await ask("/backup/restore", OTHER_PASSWORD, { method: "POST" });
  expect({ status: restored.status, body: await restored.json() }).toEqual({
    status: 200,
    body: { restored: ["proxmox"], kept: [], failed: [], next: null },
  });
  team.remove();
  team = teamStack(laptop.folder, variables, { backend: "worker", url: account.env.STATE_URL });
  await team.ok("init", "-input=false");
  expect((await team.plan()).exitCode).toBe(0);
});

test("destroy is refused while another stack has a state there; allowed, and interrupted at each step, it leaves nothing", async () => {
  const inventory = await account.inventory();
  const refused = await laptop.start("destroy", "--yes").ended;
  expect(refused.end).toBe(1);
  expect(refused.said).toContain("the bucket has states of other stacks: me/proxmox.tfstate destroy");
  expect(await account.inventory()).toEqual(inventory);
  const last = await readState();

  let run = laptop.start("destroy", "--yes", "--delete-states");
  await run.says("  - destroy cloudflare_r2_bucket.state\n");
  const cutAt = async (...held: readonly Held[]) => {
    await run.until(Promise.all(held.map(({ met }) => met)));
    await run.powerCut();
    run = laptop.start("destroy", "--yes", "--delete-states");
  };
  const { api } = account;
  await cutAt(api.holdAnswer(/^PUT .*\/buckets\/tfstate\/lock$/));
  await cutAt(api.holdAnswer(/^DELETE \/tfstate-backup\//));
  await cutAt(api.holdAnswer(/^DELETE .*\/tokens\//), api.holdRequest(/^DELETE .*\/scripts\/tfstate$/));
  await cutAt(api.holdAnswer(/^DELETE .*\/scripts\/tfstate$/));
  await cutAt(api.holdAnswer(/^DELETE \/tfstate\/me\/proxmox\.tfstate$/));
  await cutAt(api.holdAnswer(/^DELETE \/tfstate\/bootstrap\.tfstate$/));
  // The lock is given back, and there is a bucket without a marker.
  await cutAt(api.holdAnswer(/^DELETE \/tfstate\/bootstrap\.tfstate\.tflock$/));
  await cutAt(api.holdAnswer(/^DELETE \/tfstate\/bootstrap\.json$/));
  await cutAt(api.holdAnswer(/^DELETE .*\/r2\/buckets\/tfstate$/));
  expect((await run.ok()).said).toContain("there is nothing to destroy");
  expect(await account.inventory()).toEqual({ buckets: [], tokens: [], scripts: [] });
  const shas = copies().map((name) => /-([0-9a-f]{12})\.tfstate$/.exec(name)?.[1]);
  expect(shas).toContain(last.sha256.slice(0, 12));

  // Everything is made again, in the same folder.
  await laptop.ok("--yes");
  expect(await account.inventory()).toMatchObject({
    buckets: ["tfstate", "tfstate-backup"],
    scripts: ["tfstate"],
  });
});
