import type { CloudflareStandIn } from "../../../stand-ins/cloudflare";
import { Api, StandIns } from "./support/cloudflare";

const standIns = new StandIns();
let cloudflare: CloudflareStandIn;
let api: Api;
beforeAll(async () => {
  cloudflare = await standIns.start();
  api = new Api(cloudflare);
  await api.post("r2/buckets", { name: "mine" });
});
afterAll(() => standIns.end());

const ITEM_WRITE = "2efd5506f9c8494dacb1fa10a3e7d5b6";
const R2_READ = "b4992e1108244f5d8bfbd5744320c2e1";
const R2_WRITE = "bf7481a1826f439697cb59a20b22293e";
const SCRIPTS_WRITE = "e086da7e2179491d91ee5f35b3ca210a";
const TOKENS_READ = "eb56a6953c034b9d97dd838155666f06";

const onAccount = () => ({ [`com.cloudflare.api.account.${cloudflare.accountId}`]: "*" });
const onBucket = (name: string) => ({
  [`com.cloudflare.edge.r2.bucket.${cloudflare.accountId}_default_${name}`]: "*",
});
const policy = (id: string, resources: object, effect = "allow") => ({
  effect,
  permission_groups: [{ id }],
  resources,
});

/** A client with a token that has just these policies. */
async function as(policies: readonly object[], settings: object = {}): Promise<Api> {
  const { result } = await api.post("tokens", { name: "test", policies, ...settings });
  return new Api(cloudflare, String(result.value));
}

test("a token is created, read, changed and deleted; its value is answered only once", async () => {
  const policies = [policy(ITEM_WRITE, onBucket("mine"))];
  const { result: created } = await api.post("tokens", {
    name: "state",
    policies,
    expires_on: "2035-01-01T00:00:00Z",
  });
  expect(created).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    name: "state",
    status: "active",
    expires_on: "2035-01-01T00:00:00Z",
    policies,
    value: expect.stringMatching(/^[\w-]{40}$/),
  });
  const { value, ...rest } = created;
  expect((await api.get(`tokens/${rest.id}`)).result).toEqual(rest);

  const renamed = await api.put(`tokens/${rest.id}`, { name: "renamed", policies });
  expect(renamed.result).toMatchObject({ id: rest.id, name: "renamed" });
  expect(renamed.result).not.toHaveProperty("expires_on");
  const own = new Api(cloudflare, String(value));
  expect((await own.get("tokens/verify")).result).toEqual({ id: rest.id, status: "active" });
  expect((await own.get("/user/tokens/verify")).result).toEqual({ id: rest.id, status: "active" });

  expect((await api.delete(`tokens/${rest.id}`)).result).toEqual({ id: rest.id });
  expect(await api.get(`tokens/${rest.id}`)).toMatchObject({ status: 404 });
  expect(await own.get("tokens/verify")).toMatchObject({ status: 401, code: 1000 });
});

test("resources are answered byte by byte, in the order in which they were sent", async () => {
  const resources = { ...onBucket("zz"), ...onBucket("aa"), ...onAccount() };
  const { result } = await api.post("tokens", { name: "order", policies: [policy(ITEM_WRITE, resources)] });
  const text = await (await api.raw("GET", `tokens/${result.id}`)).text();
  expect(text).toContain(`"resources":${JSON.stringify(resources)}`);
});

test("permission groups are found by name and by scope", async () => {
  const { result } = await api.get("tokens/permission_groups?name=Workers+R2+Storage+Bucket+Item+Write");
  expect(result).toEqual([
    {
      id: ITEM_WRITE,
      name: "Workers R2 Storage Bucket Item Write",
      scopes: ["com.cloudflare.edge.r2.bucket"],
    },
  ]);
  expect((await api.get("tokens/permission_groups?scope=com.cloudflare.edge.r2.bucket")).result).toHaveLength(
    2,
  );
  expect((await api.get("tokens/permission_groups?name=Nobody")).result).toEqual([]);
});

test.each([
  ["no policy", { policies: [] }],
  ["an unknown group", { policies: [policy("0".repeat(32), { "com.cloudflare.api.account.*": "*" })] }],
  ["no resource", { policies: [policy(R2_READ, {})] }],
  ["no name", { name: undefined }],
  ["a time that is none", { expires_on: "tomorrow" }],
])("a token with %s is refused", async (_, change) => {
  const body = { name: "test", policies: [policy(R2_READ, onAccount())], ...change };
  expect(await api.post("tokens", body)).toMatchObject({ status: 400, code: 1001 });
});

test("requests without a token, with a wrong one, or for another account are refused", async () => {
  expect(await new Api(cloudflare, "").get("r2/buckets")).toMatchObject({ status: 401, code: 10001 });
  const wrong = new Api(cloudflare, "x".repeat(40));
  expect(await wrong.get("r2/buckets")).toMatchObject({ status: 403, code: 9109 });
  const other = `/accounts/${"0".repeat(32)}/r2/buckets`;
  expect(await api.get(other)).toMatchObject({ status: 403, code: 10000 });
});

test("a token has the permissions of its groups, and no others", async () => {
  const refused = { status: 403, code: 10000 };
  const served = { status: 200 };

  const reader = await as([policy(R2_READ, onAccount())]);
  expect(await reader.get("r2/buckets/mine")).toMatchObject(served);
  expect(await reader.post("r2/buckets", { name: "more" })).toMatchObject(refused);
  expect(await reader.get("workers/scripts")).toMatchObject(refused);

  const deployer = await as([policy(SCRIPTS_WRITE, onAccount())]);
  expect(await deployer.get("workers/scripts")).toMatchObject(served);
  expect(await deployer.get("r2/buckets")).toMatchObject(refused);
  expect(await deployer.get("tokens")).toMatchObject(refused);

  const auditor = await as([policy(TOKENS_READ, onAccount())]);
  expect(await auditor.get("tokens")).toMatchObject(served);
  expect(await auditor.post("tokens", { name: "root", policies: [] })).toMatchObject(refused);

  const everyAccount = await as([policy(R2_READ, { "com.cloudflare.api.account.*": "*" })]);
  expect(await everyAccount.get("r2/buckets")).toMatchObject(served);
  const denied = await as([policy(R2_READ, onAccount()), policy(R2_READ, onAccount(), "deny")]);
  expect(await denied.get("r2/buckets")).toMatchObject(refused);
});

test("a token for the objects of a bucket may not call the API", async () => {
  const objects = await as([policy(ITEM_WRITE, onBucket("mine"))]);
  for (const path of ["r2/buckets", "r2/buckets/mine", "workers/scripts", "tokens"]) {
    expect(await objects.get(path)).toMatchObject({ status: 403, code: 10000 });
  }
});

test.each([
  ["expired", { expires_on: "2020-01-01T00:00:00Z" }],
  ["not yet valid", { not_before: "2100-01-01T00:00:00Z" }],
  ["disabled", { status: "disabled" }],
  ["for other addresses", { condition: { request_ip: { in: ["192.0.2.0/24"] } } }],
  ["not for this address", { condition: { request_ip: { not_in: ["127.0.0.0/8"] } } }],
])("a token that is %s opens nothing", async (_, settings) => {
  const client = await as([policy(R2_READ, onAccount())], settings);
  expect(await client.get("r2/buckets")).toMatchObject({ status: 403, code: 9109 });
});

test("temporary credentials need a parent token and a bucket that exists", async () => {
  const { result: parent } = await api.post("tokens", {
    name: "parent",
    policies: [policy(R2_WRITE, onAccount())],
  });
  const body = {
    bucket: "mine",
    parentAccessKeyId: parent.id,
    permission: "object-read-write",
    ttlSeconds: 900,
    prefixes: ["me/"],
  };
  expect((await api.post("r2/temp-access-credentials", body)).result).toEqual({
    accessKeyId: expect.stringMatching(/^[0-9a-f]{32}$/),
    secretAccessKey: expect.stringMatching(/^[0-9a-f]{64}$/),
    sessionToken: expect.any(String),
  });
  const refused = async (change: object) => api.post("r2/temp-access-credentials", { ...body, ...change });
  expect(await refused({ bucket: "none" })).toMatchObject({ status: 404, code: 10006 });
  expect(await refused({ parentAccessKeyId: "nobody" })).toMatchObject({ status: 400 });
  expect(await refused({ permission: "all" })).toMatchObject({ status: 400 });
  expect(await refused({ ttlSeconds: 604_801 })).toMatchObject({ status: 400 });
});

test("a page of tokens has its number and the number of all tokens", async () => {
  const account = await standIns.start();
  const client = new Api(account);
  const resources = { [`com.cloudflare.api.account.${account.accountId}`]: "*" };
  const policies = [policy(TOKENS_READ, resources)];
  for (let at = 0; at < 6; at++) await client.post("tokens", { name: `token ${at}`, policies });
  const page = async (query: string) => (await client.raw("GET", `tokens${query}`)).json();
  expect(await page("")).toMatchObject({
    result: { length: 7 },
    result_info: { page: 1, per_page: 20, count: 7, total_count: 7 },
  });
  expect(await page("?per_page=5&page=2")).toMatchObject({
    result: [{ name: "token 4" }, { name: "token 5" }],
    result_info: { page: 2, per_page: 5, count: 2, total_count: 7 },
  });
  expect(await page("?per_page=5&page=3")).toMatchObject({ result: [], result_info: { count: 0 } });
});
