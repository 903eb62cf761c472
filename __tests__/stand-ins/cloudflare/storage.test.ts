import { createHash } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { CloudflareStandIn } from "../../../stand-ins/cloudflare";
import { textsOf } from "./s3/support/stand-in";
import { Api, StandIns } from "./support/cloudflare";

/** Keys of the S3 API as Cloudflare derives them, on the same objects as the API and the Workers. */
const ITEM_READ = "6a018a9f2fc74eb6b293b0c548f38b39";
const ITEM_WRITE = "2efd5506f9c8494dacb1fa10a3e7d5b6";
const R2_READ = "b4992e1108244f5d8bfbd5744320c2e1";
const R2_WRITE = "bf7481a1826f439697cb59a20b22293e";

const standIns = new StandIns();
let cloudflare: CloudflareStandIn;
let api: Api;
beforeAll(async () => {
  cloudflare = await standIns.start();
  api = new Api(cloudflare);
  for (const name of ["one", "two", "locked"]) await api.post("r2/buckets", { name });
  await api.post("r2/buckets", { name: "one" }, { "cf-r2-jurisdiction": "eu" });
});
afterAll(() => standIns.end());

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

class S3 {
  private readonly client: AwsClient;

  constructor(readonly keys: Keys) {
    this.client = new AwsClient({ ...keys, service: "s3", region: "auto", retries: 0 });
  }

  put = (path: string, body: string) => this.send("PUT", path, body);
  get = (path: string) => this.send("GET", path);
  post = (path: string) => this.send("POST", path);
  delete = (path: string) => this.send("DELETE", path);

  /** @returns the status and the error's code or the body */
  private async send(method: string, path: string, body?: string): Promise<readonly [number, string]> {
    const [status, text] = await this.text(method, path, body);
    return [status, /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? text];
  }

  async text(method: string, path: string, body?: string): Promise<readonly [number, string]> {
    const response = await this.client.fetch(cloudflare.s3Url + path, { method, body });
    return [response.status, await response.text()];
  }
}

const resource = (name: string, jurisdiction = "default") =>
  `com.cloudflare.edge.r2.bucket.${cloudflare.accountId}_${jurisdiction}_${name}`;

async function tokenFor(group: string, ...names: readonly string[]) {
  const resources = Object.fromEntries(names.map((name) => [name, "*"]));
  const policies = [{ effect: "allow", permission_groups: [{ id: group }], resources }];
  const { result } = await api.post("tokens", { name: "s3", policies });
  const secretAccessKey = createHash("sha256").update(String(result.value)).digest("hex");
  return new S3({ accessKeyId: String(result.id), secretAccessKey });
}

test("the ID of a token and the hash of its value open its bucket, and no other", async () => {
  const s3 = await tokenFor(ITEM_WRITE, resource("one"));
  expect(await s3.put("/one/key", "text")).toEqual([200, ""]);
  expect(await s3.get("/one/key")).toEqual([200, "text"]);
  expect(await s3.get("/two/key")).toEqual([403, "AccessDenied"]);
  expect(await s3.put("/two/key", "text")).toEqual([403, "AccessDenied"]);
  expect(await s3.get("/_eu/one/key")).toEqual([403, "AccessDenied"]);
  const wrong = new S3({ ...s3.keys, secretAccessKey: "0".repeat(64) });
  expect(await wrong.get("/one/key")).toEqual([403, "SignatureDoesNotMatch"]);

  await api.delete(`tokens/${s3.keys.accessKeyId}`);
  expect(await s3.get("/one/key")).toEqual([401, "Unauthorized"]);
});

test("a read token cannot write; a token for the account can do both, in every jurisdiction", async () => {
  const admin = await tokenFor(R2_WRITE, `com.cloudflare.api.account.${cloudflare.accountId}`);
  expect(await admin.put("/_eu/one/key", "european")).toEqual([200, ""]);
  expect(await admin.get("/one/key")).not.toEqual([200, "european"]);
  const reader = await tokenFor(ITEM_READ, resource("one", "eu"));
  expect(await reader.get("/_eu/one/key")).toEqual([200, "european"]);
  expect(await reader.put("/_eu/one/key", "text")).toEqual([403, "AccessDenied"]);
  expect(await reader.delete("/_eu/one/key")).toEqual([403, "AccessDenied"]);
});

test("a token for R2 in the whole account lists the buckets, a token for objects does not", async () => {
  const onAccount = `com.cloudflare.api.account.${cloudflare.accountId}`;
  const reader = await tokenFor(R2_READ, onAccount);
  const names = async (path: string) => textsOf((await reader.text("GET", path))[1], "Name");
  expect(await names("/")).toEqual(["one", "two", "locked"]);
  expect(await names("/_eu")).toEqual(["one"]);
  const parentAccessKeyId = reader.keys.accessKeyId;
  const request = { bucket: "one", parentAccessKeyId, permission: "admin-read-only", ttlSeconds: 60 };
  const { result } = await api.post("r2/temp-access-credentials", request);
  for (const other of [new S3(result as unknown as Keys), await tokenFor(ITEM_WRITE, resource("one"))]) {
    expect(await other.get("/")).toEqual([403, "AccessDenied"]);
  }
});

test("temporary keys are limited to their prefix, permission and time, and to their parent's permissions", async () => {
  const parent = await tokenFor(ITEM_WRITE, resource("one"), resource("locked"));
  const cut = async (change: object): Promise<S3> => {
    const { result } = await api.post("r2/temp-access-credentials", {
      bucket: "one",
      parentAccessKeyId: parent.keys.accessKeyId,
      permission: "object-read-write",
      ttlSeconds: 600,
      ...change,
    });
    return new S3(result as unknown as Keys);
  };
  const mine = await cut({ prefixes: ["me/"] });
  expect(await mine.put("/one/me/state", "mine")).toEqual([200, ""]);
  expect(await mine.get("/one/me/state")).toEqual([200, "mine"]);
  expect(await mine.put("/one/you/state", "mine")).toEqual([403, "AccessDenied"]);
  expect(await mine.put("/locked/me/state", "mine")).toEqual([403, "AccessDenied"]);
  expect(await mine.get("/one?list-type=2&prefix=me/")).toEqual([200, expect.stringContaining("me/state")]);
  expect(await mine.get("/one?list-type=2")).toEqual([403, "AccessDenied"]);
  const { sessionToken: _, ...keys } = mine.keys;
  expect((await new S3(keys).get("/one/me/state"))[0]).toBeGreaterThanOrEqual(400);

  const reader = await cut({ permission: "object-read-only", objects: ["me/state"] });
  expect(await reader.get("/one/me/state")).toEqual([200, "mine"]);
  expect(await reader.get("/one/me/other")).toEqual([403, "AccessDenied"]);
  expect(await reader.put("/one/me/state", "yours")).toEqual([403, "AccessDenied"]);

  const elsewhere = await cut({ bucket: "two" });
  expect(await elsewhere.get("/two/key")).toEqual([403, "AccessDenied"]);

  const now = Date.now;
  const later = jest.spyOn(Date, "now").mockImplementation(() => now() + 601_000);
  expect(await mine.get("/one/me/state")).toEqual([401, "Unauthorized"]);
  later.mockRestore();
  expect(await mine.get("/one/me/state")).toEqual([200, "mine"]);

  await api.delete(`tokens/${parent.keys.accessKeyId}`);
  expect(await mine.get("/one/me/state")).toEqual([401, "Unauthorized"]);
});

test("an object under a lock rule is neither overwritten nor deleted", async () => {
  const s3 = await tokenFor(ITEM_WRITE, resource("locked"));
  const rule = (condition: object) => ({
    rules: [{ id: "keep", enabled: true, prefix: "history/", condition }],
  });
  await s3.put("/locked/history/1", "first");
  await s3.put("/locked/current", "first");
  await api.put("r2/buckets/locked/lock", rule({ type: "Age", maxAgeSeconds: 3600 }));

  const refused = [409, "ObjectLockedByBucketPolicy"];
  expect(await s3.put("/locked/history/1", "second")).toEqual(refused);
  expect(await s3.delete("/locked/history/1")).toEqual(refused);
  expect(await s3.get("/locked/history/1")).toEqual([200, "first"]);
  expect(await s3.put("/locked/history/2", "new")).toEqual([200, ""]);
  expect(await s3.put("/locked/current", "second")).toEqual([200, ""]);

  await api.put("r2/buckets/locked/lock", rule({ type: "Date", date: "2020-01-01T00:00:00Z" }));
  expect(await s3.put("/locked/history/1", "second")).toEqual([200, ""]);
  await api.put("r2/buckets/locked/lock", rule({ type: "Indefinite" }));
  expect(await s3.delete("/locked/history/1")).toEqual(refused);
  await api.put("r2/buckets/locked/lock", { rules: [] });
  expect(await s3.delete("/locked/history/1")).toEqual([204, ""]);
});

test("DeleteObjects names each locked key and deletes the others", async () => {
  const s3 = await tokenFor(ITEM_WRITE, resource("locked"));
  for (const key of ["kept/1", "free/1", "free/2"]) await s3.put(`/locked/${key}`, "text");
  const condition = { type: "Indefinite" };
  await api.put("r2/buckets/locked/lock", {
    rules: [{ id: "keep", enabled: true, prefix: "kept/", condition }],
  });
  const remove = (keys: readonly string[], quiet = false) => {
    const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("");
    const xml = `<Delete>${quiet ? "<Quiet>true</Quiet>" : ""}${objects}</Delete>`;
    return s3.text("POST", "/locked?delete", xml);
  };
  const error =
    "<Error><Key>kept/1</Key><Code>ObjectLockedByBucketPolicy</Code>" +
    "<Message>The object is locked by the bucket policy.</Message></Error>";
  const [status, answer] = await remove(["free/1", "kept/1", "none"]);
  expect(status).toBe(200);
  expect(textsOf(answer, "Deleted")).toEqual(["<Key>free/1</Key>", "<Key>none</Key>"]);
  expect(answer).toContain(error);
  const [, quiet] = await remove(["free/2", "kept/1"], true);
  expect(textsOf(quiet, "Deleted")).toEqual([]);
  expect(quiet).toContain(error);
  expect(await s3.get("/locked/kept/1")).toEqual([200, "text"]);
  for (const gone of ["free/1", "free/2"]) {
    expect(await s3.get(`/locked/${gone}`)).toEqual([404, "NoSuchKey"]);
  }
  await api.put("r2/buckets/locked/lock", { rules: [] });
});

test("a lifecycle rule deletes objects when they are due, except those under a lock rule", async () => {
  await api.post("r2/buckets", { name: "aging" });
  const s3 = await tokenFor(ITEM_WRITE, resource("aging"));
  for (const key of ["history/1", "history/kept/1", "current"]) await s3.put(`/aging/${key}`, "text");
  const rule = (enabled: boolean) => ({
    id: "expire",
    enabled,
    conditions: { prefix: "history/" },
    deleteObjectsTransition: { condition: { type: "Age", maxAge: 3600 } },
  });
  const condition = { type: "Age", maxAgeSeconds: 7200 };
  const lock = { id: "keep", enabled: true, prefix: "history/kept/", condition };
  await api.put("r2/buckets/aging/lock", { rules: [lock] });
  const keysAfter = async (seconds: number) => {
    await cloudflare.expireObjects(Date.now() + seconds * 1000);
    return textsOf((await s3.text("GET", "/aging?list-type=2"))[1], "Key");
  };
  await api.put("r2/buckets/aging/lifecycle", { rules: [rule(false)] });
  expect(await keysAfter(9000)).toHaveLength(3);
  await api.put("r2/buckets/aging/lifecycle", { rules: [rule(true)] });
  expect(await keysAfter(3500)).toHaveLength(3);
  expect(await keysAfter(3700)).toEqual(["current", "history/kept/1"]);
  expect(await keysAfter(7300)).toEqual(["current"]);
});

test("a bucket that is created again has no objects of the old one", async () => {
  await api.post("r2/buckets", { name: "again" });
  const s3 = await tokenFor(ITEM_WRITE, resource("again"));
  await s3.put("/again/key", "old");
  const [, started] = await s3.post("/again/upload?uploads");
  const [, upload = ""] = /<UploadId>(.*)<\/UploadId>/.exec(started) ?? [];
  const part = `/again/upload?partNumber=1&uploadId=${encodeURIComponent(upload)}`;
  expect(await s3.put(part, "part")).toEqual([200, ""]);
  expect(await api.delete("r2/buckets/again")).toMatchObject({ status: 409, code: 10008 });
  await s3.delete("/again/key");
  expect(await api.delete("r2/buckets/again")).toMatchObject({ status: 200 });
  expect(await s3.get("/again/key")).toEqual([404, "NoSuchBucket"]);
  await api.post("r2/buckets", { name: "again" });
  expect(await s3.get("/again/key")).toEqual([404, "NoSuchKey"]);
  expect(await s3.put(part, "part")).toEqual([404, "NoSuchUpload"]);
});

test("a request without a signature gets an error of the S3 API", async () => {
  const response = await fetch(`${cloudflare.s3Url}/one/key`);
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("<Error>")]);
});
