import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:net";
import { Hash } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsClient } from "aws4fetch";
import fc from "fast-check";
import { S3Error } from "../../../../stand-ins/cloudflare/s3/errors";
import { WriteLimit } from "../../../../stand-ins/cloudflare/s3/write-limit";
import { clientOf, codeOf, type S3StandIn, startS3, textsOf, WRITER } from "./support/stand-in";

let s3: S3StandIn;
let client: AwsClient;
beforeAll(async () => {
  s3 = await startS3();
  client = clientOf(WRITER);
});
afterAll(() => s3.close());

const urlOf = (key: string, query = "") =>
  `${s3.url}/tfstate/${encodeURIComponent(key).replaceAll("%2F", "/")}${query}`;
const put = (key: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  client.fetch(urlOf(key), { method: "PUT", body, headers });
const get = (key: string, headers: Record<string, string> = {}, method = "GET") =>
  client.fetch(urlOf(key), { method, headers });

/** Characters that both UTF-8 and XML allow. */
const isText = (text: string) => !/[\p{Surrogate}\p{Control}\uFFFE\uFFFF]/u.test(text);

async function refusal(answer: Promise<Response>) {
  const response = await answer;
  return [response.status, await codeOf(response)];
}

test("an object is returned with its type, its headers and its metadata", async () => {
  const headers = {
    "content-type": "application/json",
    "content-language": "en",
    "content-disposition": "attachment",
    "content-encoding": "identity",
    "cache-control": "no-store",
    expires: "Wed, 25 Nov 2026 10:00:00 GMT",
    "x-amz-meta-owner": "cluster one",
  };
  const { status, headers: answered } = await put("with-headers", "{}", headers);
  const etag = '"99914b932bd37a50b983c5e7c90ae93b"'; // MD5 of {}
  expect([status, answered.get("etag")]).toEqual([200, etag]);
  for (const method of ["GET", "HEAD"]) {
    const response = await get("with-headers", {}, method);
    expect(Object.fromEntries(response.headers)).toMatchObject({ ...headers, etag, "content-length": "2" });
    expect(Date.parse(response.headers.get("last-modified") ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect(await response.text()).toBe(method === "GET" ? "{}" : "");
  }
  const overridden = await client.fetch(urlOf("with-headers", "?response-content-type=text%2Fplain"));
  expect(overridden.headers.get("content-type")).toBe("text/plain");
});

test("a missing object is 404, also for HEAD, and deleting it is not an error", async () => {
  expect(await refusal(get("missing"))).toEqual([404, "NoSuchKey"]);
  expect((await get("missing", {}, "HEAD")).status).toBe(404);
  expect((await get("missing", {}, "DELETE")).status).toBe(204);
  await put("deleted", "x");
  expect((await get("deleted", {}, "DELETE")).status).toBe(204);
  expect((await get("deleted")).status).toBe(404);
});

test.each([
  ["bytes=2-4", 206, "234", "bytes 2-4/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-2", 206, "89", "bytes 8-9/10"],
  ["bytes=8-99", 206, "89", "bytes 8-9/10"],
  ["bytes=0-1,4-5", 200, "0123456789", null],
  ["lines=1-2", 200, "0123456789", null],
])("range %s", async (range, status, text, contentRange) => {
  await put("digits", "0123456789");
  const response = await get("digits", { range });
  expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([
    status,
    text,
    contentRange,
  ]);
});

test("a range after the end is refused", async () => {
  await put("short", "01");
  expect(await refusal(get("short", { range: "bytes=2-3" }))).toEqual([416, "InvalidRange"]);
});

test("conditions of a read", async () => {
  const etag = (await put("conditional", "x")).headers.get("etag") ?? "";
  const [past, future] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toUTCString());
  const status = async (headers: Record<string, string>) => (await get("conditional", headers)).status;
  expect(await status({ "if-match": etag })).toBe(200);
  expect(await status({ "if-match": '"other"' })).toBe(412);
  expect(await status({ "if-none-match": etag })).toBe(304);
  expect(await status({ "if-none-match": '"other"' })).toBe(200);
  expect(await status({ "if-modified-since": past ?? "" })).toBe(200);
  expect(await status({ "if-modified-since": future ?? "" })).toBe(304);
  expect(await status({ "if-unmodified-since": future ?? "" })).toBe(200);
  expect(await status({ "if-unmodified-since": past ?? "" })).toBe(412);
  expect(await status({ "if-match": etag, "if-none-match": etag })).toBe(304);
  expect((await get("conditional", { "if-match": '"other"' }, "HEAD")).status).toBe(412);
});

test("conditions of a write", async () => {
  const first = (await put("guarded", "1", { "if-none-match": "*" })).headers.get("etag") ?? "";
  expect(await refusal(put("guarded", "2", { "if-none-match": "*" }))).toEqual([412, "PreconditionFailed"]);
  expect(await refusal(put("guarded", "2", { "if-match": '"other"' }))).toEqual([412, "PreconditionFailed"]);
  expect((await put("guarded", "2", { "if-match": first })).status).toBe(200);
  expect((await put("absent", "1", { "if-match": "*" })).status).toBe(412);
  expect(await (await get("guarded")).text()).toBe("2");
});

test("of twenty clients that create one key at the same time, one succeeds", async () => {
  for (const key of ["lock-a", "lock-b", "lock-c"]) {
    const tries = Array.from({ length: 20 }, (_, n) => put(key, `holder ${n}`, { "if-none-match": "*" }));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    const winner = statuses.indexOf(200);
    expect(statuses.filter((status) => status === 412)).toHaveLength(19);
    expect(await (await get(key)).text()).toBe(`holder ${winner}`);
  }
});

test("8 KiB of metadata are kept, more are refused, and with a condition the limit is 2 KiB", async () => {
  const metadata = (bytes: number) => ({ "x-amz-meta-a": "b".repeat(bytes - 1) });
  expect((await put("much", "state", metadata(8192))).status).toBe(200);
  const response = await get("much");
  expect(response.headers.get("x-amz-meta-a")).toHaveLength(8191);
  expect(await response.text()).toBe("state");
  expect(await refusal(put("much", "state", metadata(8193)))).toEqual([400, "MetadataTooLarge"]);
  const conditional = { ...metadata(4096), "if-none-match": "*" };
  expect(await refusal(put("much-2", "state", conditional))).toEqual([501, "NotImplemented"]);
});

test("UTF-8 metadata is returned as it was sent, up to the limit", async () => {
  const value = "漢字🔒".repeat(819); // 8190 bytes
  const url = new URL(urlOf("utf-8"));
  const { headers } = await new SignatureV4({
    credentials: WRITER,
    region: "auto",
    service: "s3",
    sha256: Hash.bind(null, "sha256"),
    uriEscapePath: false,
  }).sign({
    method: "PUT",
    protocol: "http:",
    hostname: url.hostname,
    path: url.pathname,
    headers: { host: url.host, "content-length": "0", "x-amz-meta-a": value },
  });
  // A header is bytes, and Node takes them as Latin-1.
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text).toString("latin1")]);
  const status = await new Promise((resolve, reject) => {
    request(url, { method: "PUT", headers: Object.fromEntries(bytes) }, (answer) =>
      resolve(answer.statusCode),
    )
      .once("error", reject)
      .end();
  });
  expect(status).toBe(200);
  const answered = (await get("utf-8", {}, "HEAD")).headers.get("x-amz-meta-a") ?? "";
  expect(Buffer.from(answered, "latin1").toString("utf8")).toBe(value);
});

test("a copy keeps or replaces the metadata, and checks conditions on its source", async () => {
  const etag = (await put("source +1", "copied", { "x-amz-meta-of": "source" })).headers.get("etag") ?? "";
  const copy = (headers: Record<string, string>) =>
    client.fetch(urlOf("copy"), {
      method: "PUT",
      headers: { "x-amz-copy-source": "/tfstate/source%20%2B1", ...headers },
    });
  expect(textsOf(await (await copy({})).text(), "ETag")).toEqual([etag]);
  expect((await get("copy")).headers.get("x-amz-meta-of")).toBe("source");
  await copy({ "x-amz-metadata-directive": "REPLACE", "x-amz-meta-of": "copy" });
  expect((await get("copy")).headers.get("x-amz-meta-of")).toBe("copy");
  expect(await refusal(copy({ "x-amz-copy-source-if-match": '"other"' }))).toEqual([
    412,
    "PreconditionFailed",
  ]);
  expect(await refusal(copy({ "x-amz-copy-source": "/tfstate/missing" }))).toEqual([404, "NoSuchKey"]);
  expect(await refusal(copy({ "x-amz-copy-source": "/other/known" }))).toEqual([403, "AccessDenied"]);
});

test("what R2 does not support is answered with an error", async () => {
  const refused = [
    put("refused", "x", { "x-amz-server-side-encryption": "AES256" }),
    put("refused", "x", { "x-amz-tagging": "a=b" }),
    client.fetch(`${s3.url}/tfstate?versioning`),
    client.fetch(urlOf("refused", "?acl")),
    client.fetch(urlOf("refused", "?uploadId=x")),
  ];
  for (const answer of refused) expect(await refusal(answer)).toEqual([501, "NotImplemented"]);
  expect((await get("refused")).status).toBe(404);
});

test("a key is the same, however its path is escaped", async () => {
  // "." and ".." are folded into the path by any client that follows the URL standard.
  const segment = fc
    .string({ unit: "grapheme", minLength: 0, maxLength: 12 })
    .filter((text) => !/^\.{1,2}$/.test(text) && isText(text));
  const special = fc.constantFrom(
    "%",
    "+",
    " ",
    "%2F",
    "a//b",
    "ü",
    "漢字",
    "🔒",
    "a&b=c",
    "(x)*'!~",
    "?#",
    "\\",
  );
  const key = fc
    .array(fc.oneof(segment, special), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"))
    .filter((text) => text !== "" && Buffer.byteLength(text) <= 1024);
  await fc.assert(
    fc.asyncProperty(key, async (name) => {
      const body = randomBytes(8).toString("hex");
      expect((await put(name, body)).status).toBe(200);
      expect(await (await get(name)).text()).toBe(body);
      const listing = await client.fetch(
        `${s3.url}/tfstate?list-type=2&encoding-type=url&prefix=${encodeURIComponent(name)}&max-keys=1`,
      );
      expect(textsOf(await listing.text(), "Key").map(decodeURIComponent)).toEqual([name]);
      expect((await get(name, {}, "DELETE")).status).toBe(204);
      expect((await get(name)).status).toBe(404);
    }),
    { numRuns: 60 },
  );
});

test("a key of more than 1024 bytes is refused", async () => {
  expect((await put("k".repeat(1024), "x")).status).toBe(200);
  expect(await refusal(put("ü".repeat(513), "x"))).toEqual([400, "InvalidObjectName"]);
});

test("a client that disconnects in the middle of a PUT leaves no object", async () => {
  const { url, headers } = await client.sign(urlOf("half"), {
    method: "PUT",
    headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
  });
  const lines = [...headers, ["host", new URL(url).host], ["content-length", "200000"]].map((h) =>
    h.join(": "),
  );
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`PUT ${new URL(url).pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  socket.write("x".repeat(100_000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await get("half")).status).toBe(404);
});

test("a state of 90 MB can be stored", async () => {
  const state = randomBytes(90_000_000);
  expect((await put("large", state, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" })).status).toBe(200);
  expect(Buffer.from(await (await get("large")).arrayBuffer()).equals(state)).toBe(true);
});

test("a key that was just written is refused with writeIntervalMs, others and later writes are not", async () => {
  const limited = await startS3({ writeIntervalMs: 3_600_000 });
  const write = (key: string) => client.fetch(`${limited.url}/tfstate/${key}`, { method: "PUT", body: "x" });
  expect((await write("often")).status).toBe(200);
  expect(await refusal(write("often"))).toEqual([429, "TooManyRequests"]);
  expect((await write("other")).status).toBe(200);
  await limited.close();

  const limit = new WriteLimit(1000);
  limit.take("key", 0);
  expect(() => limit.take("key", 999)).toThrow(S3Error);
  expect(() => limit.take("key", 1000)).not.toThrow();
});
