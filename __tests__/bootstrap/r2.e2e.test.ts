import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { R2Client } from "../../state/r2-client";
import { snapshot } from "../../state/snapshot";
import type { TofuProject } from "../support/tofu-project";
import { TestAccount } from "./support/account";
import { Laptop } from "./support/laptop";
import { exported, teamStack } from "./support/team-stack";

// One account and one laptop, from an empty account to an empty account: each test goes on where the last one ended.

const KEY = "proxmox/terraform-bootstrap.tfstate";
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
  };
  laptop = new Laptop(env, "bootstrap:\n  worker:\n    name: states\n    keep_versions: 50\n");
});
afterAll(async () => {
  team?.remove();
  await laptop.remove();
  await account.stop();
});

async function onAnotherLaptop<T>(
  more: Record<string, string | undefined>,
  work: (other: Laptop) => Promise<T>,
): Promise<T> {
  const other = new Laptop({ ...env, ...more });
  try {
    return await work(other);
  } finally {
    await other.remove();
  }
}

const backups = () => join(laptop.workplace, "backups");

/** The bucket of the states, with the key pair that was printed. */
const states = () =>
  new R2Client(account.cloudflare.s3Url, "tfstate", {
    accessKeyId: variables.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? "",
  });

test("a token that is none, nobody who says yes, a secret that sops cannot keep: nothing is made", async () => {
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

  // The passphrase has blanks in it, which is none for a dotenv file.
  const withSops = await onAnotherLaptop({}, (other) => {
    writeFileSync(join(other.folder, ".sops.yaml"), "creation_rules: []\n");
    return other.start("--yes").ended;
  });
  expect(withSops).toMatchObject({
    end: 1,
    said: expect.stringContaining("✖ Try sops"),
  });
  expect(withSops.said).toContain("the value of TF_VAR_state_passphrase has a blank");
  expect(await account.inventory()).toEqual(NOTHING);
});

test("the answer to the first upload is lost, and the move is cut off: the state ends in R2, once", async () => {
  // The provider asks again, and is told that the classes are there.
  const lost = account.api.loseAnswer(/^PUT .*\/scripts\/states$/);
  const written = account.api.holdAnswer(/^PUT \/tfstate\/proxmox\/terraform-bootstrap\.tfstate$/);
  const first = laptop.startByNpm("--yes");
  await first.until(lost);
  await first.until(written.met);
  const second = laptop.start("--yes");
  await second.says("another npm run bootstrap has");
  await laptop.powerCut();
  laptop.waitForStaleLock();
  const { said } = await first.ended;
  expect(said).toMatch(/✖ Apply .*✔ Plan: .*✔ Apply: done/);

  const last = await laptop.ok("--yes");
  expect(last.said).toMatch(
    /✔ State: kept in r2 .*✔ Plan: nothing to do .*✔ Move the state: r2 tfstate\/proxmox.*✔ Second plan: empty/,
  );

  variables = exported((await laptop.ok("env")).stdout);
  expect(await account.inventory()).toEqual({
    buckets: ["tfstate", "tfstate-backup"],
    tokens: [variables.AWS_ACCESS_KEY_ID],
    scripts: ["states"],
  });
  const state = await states().get(KEY);
  const [backup] = readdirSync(backups());
  expect(snapshot(state?.bytes ?? new Uint8Array(), KEY)).toMatchObject({
    encrypted: true,
    sha256: sha256(laptop.files().get(join(laptop.workplace, "backups", `${backup}`))),
  });
  expect((await states().list("proxmox/")).map(({ key }) => key)).toEqual([KEY]);
  const open = [...laptop.files().keys()].filter(
    (path) => /\.(tfstate|tfplan)(\.backup)?$/.test(path) && statSync(path).mode & 0o77,
  );
  expect(open).toEqual([]);
  expect(laptop.files().has(join(laptop.workplace, "bootstrap.tfplan"))).toBe(false);
  const secrets = [PASSWORD, PASSPHRASE, account.cloudflare.apiToken, `${variables.AWS_SECRET_ACCESS_KEY}`];
  expect(laptop.findInFiles(secrets)).toEqual([]);
  for (const secret of secrets) expect(said + last.said).not.toContain(secret);
});

test("another stack needs the variables that it prints; another laptop needs them to find the state", async () => {
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
    other.set(env);
    other.configure("state:\n  key: elsewhere/terraform.tfstate\n");
    expect(await other.start("--yes").ended).toMatchObject({
      end: 1,
      said: expect.stringContaining(
        "the bucket tfstate exists, but r2 tfstate/elsewhere/terraform-bootstrap.tfstate has no state",
      ),
    });
  });
  const { said } = await onAnotherLaptop({}, (other) => other.start("--yes").ended);
  expect(said).toContain("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; export them");
});

test("an update that is cut off keeps others out, goes on where it began, and is in place", async () => {
  laptop.configure("bootstrap:\n  worker:\n    name: states\n    keep_versions: 60\n");
  const kept = [KEY, "proxmox/terraform.tfstate"];
  const keys = async () => (await states().list("proxmox/")).map(({ key }) => key);
  expect((await laptop.start().ended).said).toContain("nobody is there to say yes");
  // Not even locked.
  expect(await keys()).toEqual(kept);

  const planning = laptop.start("--yes");
  const read = account.api.holdRequest(/^GET .*\/workers\/services\/states$/);
  await planning.until(read.met);
  await planning.powerCut();
  expect(await keys()).toContain(`${KEY}.tflock`);
  expect((await laptop.start().ended).said).toContain("nobody is there to say yes");
  expect(await keys()).toEqual(kept);

  const run = laptop.start("--yes");
  const uploaded = account.api.holdAnswer(/^PUT .*\/scripts\/states$/);
  await run.until(uploaded.met);
  await run.powerCut();
  expect((await run.ended).said).toContain("Plan: 1 to add, 1 to change, 1 to destroy");
  const elsewhere = await onAnotherLaptop(variables, (other) => other.start("--yes").ended);
  expect(elsewhere).toMatchObject({ end: 1, said: expect.stringContaining("is locked by") });

  const { said } = await laptop.ok("--yes");
  expect(said).toMatch(/✔ State: in .*✔ Second plan: empty/);
  const { result } = await account.call("GET", "/workers/scripts/states/settings");
  expect((result as { bindings: object[] }).bindings).toContainEqual(
    expect.objectContaining({ name: "TFSTATE_KEEP_VERSIONS", text: "60" }),
  );
  expect(await keys()).toEqual(kept);
});

test("a destroy that is cut off goes on; then everything is made again, in the same folder", async () => {
  const run = laptop.start("destroy", "--yes", "--delete-states");
  const token = account.api.holdAnswer(/^DELETE .*\/tokens\//);
  await run.until(token.met);
  await run.powerCut();
  await laptop.ok("destroy", "--yes", "--delete-states");
  expect(await account.inventory()).toEqual(NOTHING);

  // Cut off after all was destroyed, before the state was set aside: nothing is left to say yes to.
  const [last] = readdirSync(backups()).sort().reverse();
  cpSync(join(backups(), `${last}`), join(laptop.workplace, "bootstrap.tfstate"));
  expect((await laptop.ok("destroy")).said).toMatch(/✔ Plan: nothing to do .*there is nothing to destroy/);
  expect(existsSync(join(laptop.workplace, "bootstrap.tfstate"))).toBe(false);

  await laptop.ok("--yes");
  expect(await account.inventory()).toMatchObject({
    buckets: ["tfstate", "tfstate-backup"],
    scripts: ["states"],
  });
});

const sha256 = (bytes: Uint8Array = new Uint8Array()) => createHash("sha256").update(bytes).digest("hex");
