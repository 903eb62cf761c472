import { TestAccount } from "./support/account";
import { Laptop } from "./support/laptop";
import { exported } from "./support/team-stack";

let account: TestAccount;
let winner: Laptop;
let loser: Laptop;
beforeAll(async () => {
  account = await TestAccount.start();
  const env = {
    ...account.env,
    STATE_BACKEND: "worker",
    TF_VAR_state_passphrase: "correct horse battery staple",
  };
  winner = new Laptop({
    ...env,
    TF_VAR_tfstate_username: "anna",
    TF_VAR_tfstate_password: "hunter2-of-anna",
  });
  loser = new Laptop({ ...env, TF_VAR_tfstate_username: "ben", TF_VAR_tfstate_password: "hunter2-of-ben" });
});
afterAll(async () => {
  await winner.remove();
  await loser.remove();
  await account.stop();
});

test("two bootstrap one account at once: who comes second touches nothing of the first, and may take it over", async () => {
  const run = loser.start("--yes");
  const posts = [1, 2].map(() => account.api.holdRequest(/^POST .*\/r2\/buckets$/));
  await run.until(Promise.all(posts.map(({ met }) => met)));
  await winner.ok("--yes");
  for (const { release } of posts) release();
  expect(await run.ended).toMatchObject({ end: 1, said: expect.stringContaining("✖ Apply") });

  const variables = exported((await winner.ok("env")).stdout);
  const made = await account.inventory();
  expect(made.tokens).toContain(variables.AWS_ACCESS_KEY_ID);
  const again = await loser.start("--yes").ended;
  expect(again.end).toBe(1);
  expect(again.said).toMatch(
    /someone else has bootstrapped this account .* anna\/proxmox-bootstrap\.tfstate in the bucket/,
  );
  expect(await account.inventory()).toEqual(made);
  expect(exported((await winner.ok("env")).stdout)).toEqual(variables);

  // With the folder set aside and the credentials of the other.
  const { TF_HTTP_USERNAME: user, TF_HTTP_PASSWORD: password } = variables;
  const both = new Laptop({
    ...account.env,
    STATE_BACKEND: "worker",
    ...variables,
    TF_VAR_tfstate_username: user,
    TF_VAR_tfstate_password: password,
  });
  try {
    expect((await both.ok("--yes")).said).toMatch(
      /✔ State: kept in worker .*✔ Plan: nothing to do .*✔ Second plan: empty/,
    );
  } finally {
    await both.remove();
  }
});
