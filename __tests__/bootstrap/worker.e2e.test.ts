import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { snapshot } from "../../state/snapshot";
import { stateOf } from "../state/support/project";
import type { TofuProject } from "../support/tofu-project";
import { TestAccount } from "./support/account";
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

const readState = async (password?: string) =>
  snapshot(
    new Uint8Array(await (await ask("/states/proxmox-bootstrap", password)).arrayBuffer()),
    "the Worker",
  );

const setAside = () => readdirSync(join(laptop.workplace, "backups"));
const localState = () => join(laptop.workplace, "bootstrap.tfstate");

test("cut off at each step, it goes on from there; one bucket, one token, one Worker and one lineage come of it", async () => {
  const said: string[] = [];
  let run = laptop.start("--yes");
  const cut = async () => {
    await run.powerCut();
    said.push((await run.ended).said);
    run = laptop.start("--yes");
  };

  const inState = account.api.holdRequest(/^GET .*\/r2\/buckets\/tfstate$/);
  await run.until(inState.met);
  await cut();
  await run.says("❯ Synth");
  await cut();
  // Before it, the same is asked, for a Worker of somebody else.
  await run.says("❯ Plan");
  const inPlan = account.api.holdRequest(/^GET .*\/workers\/scripts$/);
  await run.until(inPlan.met);
  await cut();
  // The buckets are made, and OpenTofu has not heard of it.
  const buckets = [1, 2].map(() => account.api.holdAnswer(/^POST .*\/r2\/buckets$/));
  await run.until(Promise.all(buckets.map(({ met }) => met)));
  await cut();
  // Likewise the token, whose value is now lost, and the Worker, whose classes are there.
  const [token, script] = [/^POST .*\/tokens$/, /^PUT .*\/scripts\/tfstate$/].map((request) =>
    account.api.holdAnswer(request),
  );
  await run.until(Promise.all([token?.met, script?.met]));
  await cut();

  // Ctrl-C goes to the whole group; the operation at hand comes to its end.
  const cron = account.api.holdAnswer(/^PUT .*\/schedules$/);
  await run.until(cron.met);
  process.kill(-(run.child.pid ?? 0), "SIGINT");
  setTimeout(cron.release, 1_000);
  const interrupted = await run.ended;
  expect(interrupted.end).toBe(130);
  expect(interrupted.said).toContain("stopped; run it again: it goes on from here");
  expect(laptop.processes()).toEqual([]);
  said.push(interrupted.said);
  const { lineage } = snapshot(readFileSync(localState()), "the local state");

  run = laptop.start("--yes");
  const health = account.worker.holdRequest(/^GET \/health$/);
  await run.until(health.met);
  await cut();
  const written = account.worker.holdAnswer(/^POST \/states\/proxmox-bootstrap$/);
  await run.until(written.met);
  await cut();
  const unlocked = account.worker.holdAnswer(/^UNLOCK /);
  await run.until(unlocked.met);
  await cut();
  await run.says("✔ Move the state");
  await cut();
  const last = await run.ok();
  said.push(last.said);
  expect(last.said).toMatch(/✔ State: kept in worker .*✔ Plan: nothing to do .*✔ Second plan: empty/);

  variables = exported((await laptop.ok("env")).stdout);
  expect(await account.inventory()).toEqual({
    buckets: ["tfstate", "tfstate-backup"],
    tokens: [variables.AWS_ACCESS_KEY_ID],
    scripts: ["tfstate"],
  });
  expect(await readState()).toMatchObject({ lineage, encrypted: true });
  expect(existsSync(localState())).toBe(false);
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

test("the Worker's own password changes while the state is kept at the Worker; its histories stay", async () => {
  const before = await (await ask("/states/proxmox/versions")).json();
  expect(before).toHaveLength(1);
  laptop.set({ TF_VAR_tfstate_password: OTHER_PASSWORD });
  const refused = await laptop.start("--yes").ended;
  expect(refused).toMatchObject({ end: 1, said: expect.stringContaining("TF_HTTP_PASSWORD") });

  laptop.set({ TF_HTTP_USERNAME: USER, TF_HTTP_PASSWORD: PASSWORD });
  const { said } = await laptop.ok("--yes");
  expect(said).toMatch(/✔ Plan: 1 to add, 1 to change, 1 to destroy\..*✔ Second plan: empty/);
  expect((await ask("/states/proxmox")).status).toBe(401);
  expect(await (await ask("/states/proxmox/versions", OTHER_PASSWORD)).json()).toEqual(before);
  expect(laptop.findInFiles([PASSWORD, OTHER_PASSWORD])).toEqual([]);
});

test("disaster drill: the bucket is lost, comes back from the copies, and the next plan is empty", async () => {
  laptop.set({ TF_HTTP_USERNAME: undefined, TF_HTTP_PASSWORD: undefined });
  variables.TF_HTTP_PASSWORD = OTHER_PASSWORD;
  expect(await account.cloudflare.runSchedule("tfstate", "17 3 * * *")).toBe("ok");
  const stateBefore = await readState(OTHER_PASSWORD);

  // Whoever has the API token can do this; the key pair of the states cannot.
  const bucket = await account.objects("tfstate");
  await account.call("PUT", "/r2/buckets/tfstate/lock", { rules: [] });
  for (const { key } of await bucket.list("")) await bucket.delete(key);
  expect(await account.call("DELETE", "/r2/buckets/tfstate")).toMatchObject({ status: 200 });
  expect((await team.plan()).exitCode).toBe(1);

  // It starts nothing new beside what is left.
  const refused = await laptop.start("--yes").ended;
  expect(refused).toMatchObject({ end: 1, said: expect.stringContaining("it was lost") });
  expect(await account.inventory()).toMatchObject({ buckets: ["tfstate-backup"], scripts: ["tfstate"] });

  expect(await account.call("POST", "/r2/buckets", { name: "tfstate" })).toMatchObject({ status: 200 });
  const restored = await ask("/backup/restore", OTHER_PASSWORD, { method: "POST" });
  expect({ status: restored.status, body: await restored.json() }).toEqual({
    status: 200,
    body: { restored: ["proxmox-bootstrap", "proxmox"], failed: [], next: null },
  });
  expect((await team.plan()).exitCode).toBe(0);
  expect(await readState(OTHER_PASSWORD)).toMatchObject({ sha256: stateBefore.sha256 });

  // The rules of the new bucket come with the next run.
  const { said } = await laptop.ok("--yes");
  expect(said).toMatch(/✔ Plan: .*✔ Second plan: empty/);
  expect(await account.call("GET", "/r2/buckets/tfstate/lock")).toMatchObject({
    result: { rules: [{ id: "keep-history" }] },
  });
});

test("destroy is refused while another stack has a state there; allowed, it leaves nothing", async () => {
  // The stack of another cluster has the same name, and is another one.
  const body = stateOf(1);
  await ask("/states/lab-bootstrap", OTHER_PASSWORD, { method: "POST", body });
  const inventory = await account.inventory();
  const refused = await laptop.start("destroy", "--yes").ended;
  expect(refused.end).toBe(1);
  expect(refused.said).toContain(
    "2 states of other stacks are kept there: me/lab-bootstrap.tfstate me/proxmox.tfstate destroy",
  );
  expect(await account.inventory()).toEqual(inventory);

  const { said } = await laptop.ok("destroy", "--yes", "--delete-states");
  expect(said).toContain("nothing of it is left in the account");
  expect(await account.inventory()).toEqual({ buckets: [], tokens: [], scripts: [] });
  expect(existsSync(localState())).toBe(false);
  expect(setAside().length).toBeGreaterThan(0);
});
