import { cpSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { R2_ITEM_PERMISSIONS } from "../../constructs/state-token";
import { bucketResource } from "../../domain/r2";
import { R2Client } from "../../state/r2-client";
import { snapshot } from "../../state/snapshot";
import { TofuProject } from "../support/tofu-project";
import { TestAccount } from "./support/account";
import { Laptop } from "./support/laptop";
import { exported, teamStack } from "./support/team-stack";

// One account and one laptop, from an empty account to an empty account: each test goes on where the last one ended.

const KEY = "bootstrap.tfstate";
const PASSWORD = "hunter2-of-the-owner";
const PASSPHRASE = "correct horse battery staple";
const NOTHING = { buckets: [], tokens: [], scripts: [] };

let account: TestAccount;
let laptop: Laptop;
let team: TofuProject;
let variables: Record<string, string>;
let env: Record<string, string>;

beforeAll(async () => {
  account = await TestAccount.start();
  env = {
    ...account.env,
    STATE_BACKEND: "r2",
    STATE_URL: "",
    TF_VAR_state_passphrase: PASSPHRASE,
    TF_VAR_tfstate_username: "me",
    TF_VAR_tfstate_password: PASSWORD,
    // A shell's choice of a workspace, or of another folder for it, is none of this stack's.
    TF_WORKSPACE: "prod",
    TF_DATA_DIR: "/nowhere",
  };
  laptop = new Laptop(env, "bootstrap:\n  worker:\n    name: states\n    keep_versions: 50\n");
});
afterAll(async () => {
  team?.remove();
  await laptop.remove();
  await account.stop();
});

const STATES_WORKER = "bootstrap:\n  worker:\n    name: states\n    keep_versions: 60\n";

async function onAnotherLaptop<T>(
  more: Record<string, string | undefined>,
  work: (other: Laptop) => Promise<T>,
): Promise<T> {
  const other = new Laptop({ ...env, ...more }, STATES_WORKER);
  try {
    return await work(other);
  } finally {
    await other.remove();
  }
}

/** The bucket of the states, with the key pair that was printed. */
const states = () =>
  new R2Client(account.cloudflare.s3Url, "tfstate", {
    accessKeyId: variables.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? "",
  });
const keys = async () => (await states().list("")).map(({ key }) => key);

test("a token that is none, nobody who says yes, no rule for sops: nothing is made", async () => {
  const { end, said } = await onAnotherLaptop(
    { CLOUDFLARE_API_TOKEN: "wrong" },
    (other) => other.start("--yes").ended,
  );
  expect(end).toBe(1);
  expect(said).toMatch(/answers 40[13]: .*; check CLOUDFLARE_API_TOKEN and the account's id/);

  expect(await laptop.start().ended).toMatchObject({
    end: 1,
    said: expect.stringContaining("nobody is there to say yes; run it in a terminal, or with --yes"),
  });

  const withSops = await onAnotherLaptop({}, (other) => {
    writeFileSync(
      join(other.folder, ".sops.yaml"),
      "creation_rules:\n  - { path_regex: other, age: age1 }\n",
    );
    return other.start("--yes").ended;
  });
  expect(withSops).toMatchObject({
    end: 1,
    said: expect.stringContaining("✖ Try sops"),
  });
  expect(withSops.said).toContain("no matching creation rules found; is there a rule for it in .sops.yaml?");
  expect(await account.inventory()).toEqual(NOTHING);
});

test("the answers to the token and to the first upload are lost: there is one of each in the end, and one run in a folder", async () => {
  // The provider asks again: it makes a second token, and is told that the classes are there.
  const { api } = account;
  const lost = [api.loseAnswer(/^POST .*\/tokens$/), api.loseAnswer(/^PUT .*\/scripts\/states$/)];
  const first = laptop.startByNpm("--yes");
  await first.until(Promise.all(lost));
  const unlocked = api.holdAnswer(/^DELETE \/tfstate\/bootstrap\.tfstate\.tflock$/);
  await first.until(unlocked.met);
  const second = laptop.start("--yes");
  await second.says("another npm run bootstrap has");
  await laptop.powerCut();
  const { said } = await first.ended;
  expect(said).toMatch(/✖ Apply .*✔ Plan: .*✔ Apply: done .*✔ Token: deleted .*✔ Second plan: empty/);

  const last = await laptop.ok("--yes");
  expect(last.said).toMatch(/✔ Import: nothing to import .*✔ Plan: nothing to do .*✔ Second plan: empty/);

  // What a run leaves that is cut off between its apply and the end of the lost token.
  const { accountId } = account.cloudflare;
  const left = await account.call("POST", "/tokens", {
    name: "tfstate",
    policies: [
      {
        effect: "allow",
        permission_groups: [{ id: R2_ITEM_PERMISSIONS.write }],
        resources: { [bucketResource(accountId, "tfstate")]: "*" },
      },
    ],
  });
  expect(left.status).toBe(200);
  const cleaned = await laptop.ok("--yes");
  expect(cleaned.said).toMatch(/✔ Plan: nothing to do .*✔ Token: deleted .*✔ Second plan: empty/);

  variables = exported((await laptop.ok("env")).stdout);
  expect(await account.inventory()).toEqual({
    buckets: ["tfstate", "tfstate-backup"],
    tokens: [variables.AWS_ACCESS_KEY_ID],
    scripts: ["states"],
  });
  const state = await states().get(KEY);
  expect(snapshot(state?.bytes ?? new Uint8Array(), KEY)).toMatchObject({ encrypted: true });
  expect(await keys()).toEqual(["bootstrap.json", KEY]);
  const files = [...laptop.files().keys()];
  expect(files.filter((path) => /\.(tfstate|tfplan)(\.backup)?$/.test(path))).toEqual([
    join(laptop.workDir, "cdktf.out/stacks/bootstrap/.terraform/terraform.tfstate"),
  ]);
  // Checksums of the providers, with a mode of OpenTofu's own.
  const own = files.filter((path) => !path.endsWith(".terraform.lock.hcl"));
  expect(own.filter((path) => statSync(path).mode & 0o77)).toEqual([]);
  const secrets = [PASSWORD, PASSPHRASE, account.cloudflare.apiToken, `${variables.AWS_SECRET_ACCESS_KEY}`];
  expect(laptop.findInFiles(secrets)).toEqual([]);
  for (const secret of secrets) expect(said + last.said).not.toContain(secret);
});

test("another stack needs the variables that it prints, and they are enough to print them again", async () => {
  const { accountId } = account.cloudflare;
  team = teamStack(
    laptop.folder,
    { ...variables, AWS_ENDPOINT_URL_S3: account.cloudflare.s3Url },
    { backend: "r2" },
  );
  await team.ok("init", "-input=false");
  await team.ok("apply", "-input=false", "-auto-approve");
  expect((await team.plan()).exitCode).toBe(0);

  // Whoever reads what is there need not be able to change it.
  const reader = {
    ...variables,
    CLOUDFLARE_API_TOKEN: undefined,
    TF_VAR_tfstate_username: undefined,
    TF_VAR_tfstate_password: undefined,
  };
  await onAnotherLaptop(reader, async (other) => {
    expect(await other.start("env", "--format", "dotenv").ended).toMatchObject({
      end: 1,
      stdout: "",
      said: expect.stringContaining("the value of TF_VAR_state_passphrase has a blank"),
    });
    expect(exported((await other.ok("env")).stdout)).toEqual({
      ...variables,
      CLOUDFLARE_ACCOUNT_ID: accountId,
    });
  });
});

test("OpenTofu itself works on the stack, with the variables that it prints and the API token", async () => {
  const { TF_WORKSPACE: _workspace, TF_DATA_DIR: _folder, ...plain } = env;
  const project = new TofuProject({ ...plain, ...variables });
  try {
    cpSync(join(laptop.workDir, "cdktf.out/stacks/bootstrap"), project.folder, { recursive: true });
    await project.ok("init", "-input=false", "-reconfigure");
    expect((await project.plan()).exitCode).toBe(0);
  } finally {
    project.remove();
  }
});

test("an update that is interrupted keeps others out, goes on where it began, and is in place", async () => {
  laptop.configure(STATES_WORKER);
  const kept = ["bootstrap.json", KEY, "proxmox/terraform.tfstate"];
  expect((await laptop.start().ended).said).toContain("nobody is there to say yes");
  // Not even locked.
  expect(await keys()).toEqual(kept);

  const planning = laptop.start("--yes");
  const read = account.api.holdRequest(/^GET .*\/workers\/services\/states$/);
  await planning.until(read.met);
  await planning.powerCut();
  expect(await keys()).toContain(`${KEY}.tflock`);
  await onAnotherLaptop({}, async (other) => {
    const waiting = other.start("--yes");
    await waiting.says("waiting for");
    process.kill(-(waiting.child.pid ?? 0), "SIGINT");
    expect((await waiting.ended).end).toBe(130);
  });
  expect((await laptop.start().ended).said).toContain("nobody is there to say yes");
  expect(await keys()).toEqual(kept);

  const run = laptop.start("--yes");
  const uploaded = account.api.holdAnswer(/^PUT .*\/scripts\/states$/);
  await run.until(uploaded.met);
  await run.powerCut();
  expect((await run.ended).said).toContain("Plan: 1 to add, 1 to change, 1 to destroy");

  expect((await laptop.ok("--yes")).said).toContain("✔ Second plan: empty");
  const { result } = await account.call("GET", "/workers/scripts/states/settings");
  expect((result as { bindings: object[] }).bindings).toContainEqual(
    expect.objectContaining({ name: "TFSTATE_KEEP_VERSIONS", text: "60" }),
  );
  expect(await keys()).toEqual(kept);
});

test("the state is in the bucket, whatever the other stacks use, and any machine finds it there", async () => {
  for (const backend of [
    { STATE_BACKEND: "local" },
    { STATE_BACKEND: "worker", STATE_URL: `${account.cloudflare.workerUrl("states")}/states/proxmox` },
  ]) {
    await onAnotherLaptop(backend, async (other) => {
      expect((await other.ok("--yes")).said).toMatch(/✔ Plan: nothing to do .*✔ Second plan: empty/);
    });
  }
});

test("a destroy leaves nothing, with nobody's states in the way", async () => {
  await team.ok("destroy", "-input=false", "-auto-approve");
  await states().delete("proxmox/terraform.tfstate");
  expect((await laptop.start("destroy").ended).said).toContain("nobody is there to say yes");
  const { said } = await laptop.ok("destroy", "--yes");
  expect(said).toContain("nothing of it is left in the account");
  expect(await account.inventory()).toEqual(NOTHING);
});
