import { TestAccount } from "./support/account";
import { Laptop } from "./support/laptop";
import { exported } from "./support/team-stack";

let account: TestAccount;
let anna: Laptop;
let ben: Laptop;
beforeAll(async () => {
  account = await TestAccount.start();
  const env = {
    ...account.env,
    STATE_BACKEND: "worker",
    TF_VAR_state_passphrase: "correct horse battery staple",
    TF_VAR_tfstate_username: "me",
    TF_VAR_tfstate_password: "hunter2-of-the-owner",
  };
  [anna, ben] = [new Laptop(env), new Laptop(env)];
});
afterAll(async () => {
  await anna.remove();
  await ben.remove();
  await account.stop();
});

test("two bootstrap one account at once: the second waits for the lock, then goes on as an ordinary run", async () => {
  // Anna has the bucket and its lock, and both find the account as it is.
  const first = anna.start("--yes");
  const upload = account.api.holdRequest(/^PUT .*\/scripts\/tfstate$/);
  await first.until(upload.met);
  const second = ben.start("--yes");
  await second.says("waiting for");
  upload.release();
  await first.ok();
  expect((await second.ok()).said).toMatch(
    /✔ Import: nothing to import .*✔ Plan: nothing to do .*✔ Second plan: empty/,
  );

  const variables = exported((await ben.ok("env")).stdout);
  expect(exported((await anna.ok("env")).stdout)).toEqual(variables);
  expect(await account.inventory()).toEqual({
    buckets: ["tfstate", "tfstate-backup"],
    tokens: [variables.AWS_ACCESS_KEY_ID],
    scripts: ["tfstate"],
  });
});

test("another cluster with the same names is told whose they are, and nothing is changed", async () => {
  const before = await account.inventory();
  ben.configure("cluster_name: lab\n");
  for (const command of [["--yes"], ["destroy", "--yes", "--delete-states"]]) {
    const { end, said } = await ben.start(...command).ended;
    expect(end).toBe(1);
    expect(said).toMatch(
      /has bucket\/tfstate.* already, and this cluster, lab \(10\.0\.0\.5\), does not own them: .* they belong to cluster talos \(10\.0\.0\.5\)/,
    );
  }
  expect(await account.inventory()).toEqual(before);
});
