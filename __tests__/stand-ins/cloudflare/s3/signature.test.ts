import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import {
  clientOf,
  codeOf,
  GUEST,
  type Keys,
  READER,
  type S3StandIn,
  STRANGER,
  startS3,
  WRITER,
} from "./support/stand-in";

let s3: S3StandIn;
beforeAll(async () => {
  s3 = await startS3();
  await clientOf(WRITER).fetch(`${s3.url}/tfstate/known`, { method: "PUT", body: "state" });
});
afterAll(() => s3.close());

interface Signed {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly keys?: Keys;
  /** `20261124T101112Z` */
  readonly datetime?: string;
  readonly query?: boolean;
  readonly region?: string;
}

/** A signed request, to be changed before it is sent. */
async function sign(what: Signed = {}): Promise<Request> {
  const { method = "GET", path = "/tfstate/known", headers, body, keys = WRITER, datetime, query } = what;
  const signed = await new AwsV4Signer({
    ...keys,
    method,
    url: s3.url + path,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
    ...(datetime && { datetime }),
    service: "s3",
    region: what.region ?? "auto",
    signQuery: query ?? false,
    allHeaders: true,
  }).sign();
  return new Request(signed.url, signed);
}

const minutesAgo = (minutes: number): string =>
  new Date(Date.now() - minutes * 60_000).toISOString().replace(/[-:]|\.\d{3}/g, "");

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

test.each(["auto", "us-east-1"])("a signature in the header is taken, region %s", async (region) => {
  const response = await fetch(await sign({ region }));
  expect([response.status, await response.text()]).toEqual([200, "state"]);
});

test("a presigned URL is taken, for a read and for a write", async () => {
  expect(await (await fetch(await sign({ query: true }))).text()).toBe("state");
  const { url } = await sign({ query: true, method: "PUT", path: "/tfstate/presigned" });
  expect((await fetch(url, { method: "PUT", body: "by link" })).status).toBe(200);
  expect(await (await fetch(await sign({ path: "/tfstate/presigned" }))).text()).toBe("by link");
});

test("a wrong secret and an unknown key are refused", async () => {
  const wrong = await fetch(await sign({ keys: { ...WRITER, secretAccessKey: "0".repeat(64) } }));
  expect([wrong.status, await codeOf(wrong)]).toEqual([403, "SignatureDoesNotMatch"]);
  const unknown = await fetch(await sign({ keys: { ...WRITER, accessKeyId: "f".repeat(32) } }));
  expect([unknown.status, await codeOf(unknown)]).toEqual([401, "Unauthorized"]);
  const none = await fetch(`${s3.url}/tfstate/known`);
  expect([none.status, await codeOf(none)]).toEqual([400, "InvalidArgument"]);
});

type Tampering = (request: Request) => Request | Promise<Request>;
const at =
  (change: (url: URL) => void): Tampering =>
  (request) => {
    const url = new URL(request.url);
    change(url);
    return new Request(url, request);
  };
const header =
  (name: string, value: string): Tampering =>
  (request) => {
    request.headers.set(name, value);
    return request;
  };

test.each<[string, Signed, Tampering, number, string]>([
  ["path", {}, at((url) => (url.pathname = "/tfstate/other")), 403, "SignatureDoesNotMatch"],
  ["query", {}, at((url) => (url.search = "?response-content-type=text/html")), 403, "SignatureDoesNotMatch"],
  ["method", {}, (request) => new Request(request, { method: "DELETE" }), 403, "SignatureDoesNotMatch"],
  [
    "signed header",
    { headers: { range: "bytes=0-1" } },
    header("range", "bytes=0-3"),
    403,
    "SignatureDoesNotMatch",
  ],
  ["unsigned x-amz header", {}, header("x-amz-meta-owner", "me"), 403, "AccessDenied"],
  ["date", {}, header("x-amz-date", minutesAgo(1)), 403, "SignatureDoesNotMatch"],
  [
    "time of a link",
    { query: true },
    at((url) => url.searchParams.set("X-Amz-Expires", "604800")),
    403,
    "SignatureDoesNotMatch",
  ],
  [
    "hash of the body",
    { method: "PUT", path: "/tfstate/new", body: "mine" },
    header("x-amz-content-sha256", sha256("yours")),
    403,
    "SignatureDoesNotMatch",
  ],
])("a change of the %s after signing is refused", async (_what, signed, tamper, status, code) => {
  const request = await tamper(await sign(signed));
  const response = await fetch(request);
  expect([response.status, await codeOf(response)]).toEqual([status, code]);
});

test("a body other than the one that was signed is refused, and nothing is stored", async () => {
  const path = "/tfstate/tampered";
  const request = await sign({
    method: "PUT",
    path,
    body: "mine",
    headers: { "x-amz-content-sha256": sha256("mine") },
  });
  const response = await fetch(request.url, { method: "PUT", headers: request.headers, body: "your" });
  expect([response.status, await codeOf(response)]).toEqual([400, "XAmzContentSHA256Mismatch"]);
  expect((await fetch(await sign({ path }))).status).toBe(404);
});

test("signatures that are too old or too early are refused, and so are expired links", async () => {
  for (const minutes of [16, -16]) {
    const response = await fetch(await sign({ datetime: minutesAgo(minutes) }));
    expect([response.status, await codeOf(response)]).toEqual([403, "RequestTimeTooSkewed"]);
  }
  expect((await fetch(await sign({ datetime: minutesAgo(14) }))).status).toBe(200);
  const link = { query: true, datetime: minutesAgo(2) };
  const expired = await fetch(await sign({ ...link, path: "/tfstate/known?X-Amz-Expires=60" }));
  expect([expired.status, await codeOf(expired)]).toEqual([400, "ExpiredRequest"]);
  expect((await fetch(await sign({ ...link, path: "/tfstate/known?X-Amz-Expires=180" }))).status).toBe(200);
});

test("each key pair has its own bucket and its own rights", async () => {
  const statuses = async (keys: Keys) => {
    const requests = [sign({ keys }), sign({ keys, method: "PUT", path: "/tfstate/theirs", body: "x" })];
    return Promise.all(requests.map(async (request) => (await fetch(await request)).status));
  };
  expect(await statuses(WRITER)).toEqual([200, 200]);
  expect(await statuses(READER)).toEqual([200, 403]);
  expect(await statuses(STRANGER)).toEqual([403, 403]);
  const nowhere = await fetch(await sign({ keys: STRANGER, path: "/nowhere/key" }));
  expect([nowhere.status, await codeOf(nowhere)]).toEqual([403, "AccessDenied"]);
});

test("temporary credentials need their session token, in the header and in a link", async () => {
  const { sessionToken, ...withoutToken } = GUEST;
  const path = "/tfstate/guest/key";
  expect((await fetch(await sign({ keys: GUEST, method: "PUT", path, body: "mine" }))).status).toBe(200);
  expect(await (await fetch(await sign({ keys: GUEST, path, query: true }))).text()).toBe("mine");
  expect((await fetch(await sign({ keys: GUEST }))).status).toBe(403);
  for (const keys of [withoutToken, { ...withoutToken, sessionToken: `${sessionToken}s` }]) {
    const response = await fetch(await sign({ keys, path }));
    expect([response.status, await codeOf(response)]).toEqual([400, "InvalidToken"]);
  }
});

test("a jurisdiction has buckets of its own", async () => {
  const client = clientOf(WRITER);
  await client.fetch(`${s3.url}/_eu/tfstate/known`, { method: "PUT", body: "in the EU" });
  expect(await (await client.fetch(`${s3.url}/_eu/tfstate/known`)).text()).toBe("in the EU");
  expect(await (await client.fetch(`${s3.url}/tfstate/known`)).text()).toBe("state");
  const nowhere = await client.fetch(`${s3.url}/_fedramp/tfstate/known`);
  expect([nowhere.status, await codeOf(nowhere)]).toEqual([404, "NoSuchBucket"]);
});

test("signatures for each chunk, and other kinds of signatures, are refused", async () => {
  const headers = { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
  const chunks = await fetch(await sign({ method: "PUT", path: "/tfstate/chunks", headers, body: "x" }));
  expect([chunks.status, await codeOf(chunks)]).toEqual([501, "NotImplemented"]);
  const old = await fetch(`${s3.url}/tfstate/known`, { headers: { authorization: "AWS key:signature" } });
  expect([old.status, await codeOf(old)]).toEqual([400, "InvalidArgument"]);
  const region = await fetch(await sign({ region: "eu-west-1" }));
  expect([region.status, await codeOf(region)]).toEqual([400, "InvalidRegionName"]);
});
