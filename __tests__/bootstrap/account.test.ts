import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Account } from "../../bootstrap/account";
import { R2_ITEM_PERMISSIONS } from "../../constructs/state-token";
import { TestAccount } from "./support/account";

const config = (accountId: string) =>
  ({ accountId, bucketName: "tfstate", token: { tokenName: "states" } }) as ConstructorParameters<
    typeof Account
  >[0];
const forever = new AbortController().signal;

let cloudflare: TestAccount;
beforeAll(async () => {
  cloudflare = await TestAccount.start();
});
afterAll(() => cloudflare.stop());

test("tokens are found on whatever page of the list they are, a full last one included", async () => {
  const { accountId } = cloudflare.cloudflare;
  const account = new Account(config(accountId), cloudflare.env, forever);
  const policies = [
    {
      effect: "allow",
      permission_groups: [{ id: R2_ITEM_PERMISSIONS.write }],
      resources: { [`com.cloudflare.edge.r2.bucket.${accountId}_default_tfstate`]: "*" },
    },
  ];
  const make = async (name: string) =>
    ((await cloudflare.call("POST", "/tokens", { name, policies })).result as { id: string }).id;
  const ids = [await make("states")];
  await Promise.all(Array.from({ length: 97 }, () => make("other")));
  ids.push(await make("states"));
  expect(await account.tokens()).toEqual(ids);
  // With the account's own token there are 100 now, two full pages.
  ids.push(await make("states"));
  expect(await account.tokens()).toEqual(ids);
});

test("a 404 or a page of a proxy is no answer of Cloudflare's that there is no bucket", async () => {
  let status = 404;
  const proxy = createServer((_, answer) => answer.writeHead(status).end("not found"));
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const account = new Account(config("0".repeat(32)), { CLOUDFLARE_BASE_URL: url }, forever);
  await expect(account.hasBucket("tfstate")).rejects.toThrow(
    "/r2/buckets/tfstate answers 404: no reason given; check CLOUDFLARE_API_TOKEN",
  );
  status = 200;
  await expect(account.hasBucket("tfstate")).rejects.toThrow(
    "answers 200, but not in the form of Cloudflare's API",
  );
  await new Promise((resolve) => proxy.close(resolve));
  await expect(account.hasBucket("tfstate")).rejects.toThrow(`${url}/accounts/`);
});

test("the key pair is that of the API token; without one, that of the environment", async () => {
  const { accountId } = cloudflare.cloudflare;
  const keyPairWith = (env: NodeJS.ProcessEnv) => new Account(config(accountId), env, forever).keyPair();
  const own = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_SESSION_TOKEN: "c" };
  // A session belongs to the pair that it came with.
  expect(await keyPairWith({ ...cloudflare.env, ...own })).toEqual({
    ...(await cloudflare.keyPair()),
    AWS_SESSION_TOKEN: undefined,
  });
  expect(await keyPairWith(own)).toEqual(own);
});

test("a token of a person has no S3 key pair, and that is said", async () => {
  const env = { ...cloudflare.env, CLOUDFLARE_API_TOKEN: "of-a-person" };
  const account = new Account(config(cloudflare.cloudflare.accountId), env, forever);
  await expect(account.objects("tfstate")).rejects.toThrow(
    /answers 401: .*has to be a token of the account/s,
  );
});
