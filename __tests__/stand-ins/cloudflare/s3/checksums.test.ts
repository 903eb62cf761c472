import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { AwsClient } from "aws4fetch";
import { clientOf, codeOf, type S3StandIn, startS3, WRITER } from "./support/stand-in";

let s3: S3StandIn;
let client: AwsClient;
beforeAll(async () => {
  s3 = await startS3();
  client = clientOf(WRITER);
});
afterAll(() => s3.close());

// The check values of the CRC catalogue are those of this text.
const BODY = "123456789";
const hash = (algorithm: string) => createHash(algorithm).update(BODY).digest("base64");
const hex = (digits: string) => Buffer.from(digits, "hex").toString("base64");
const CHECKSUMS: Readonly<Record<string, string>> = {
  crc32: hex("cbf43926"),
  crc32c: hex("e3069283"),
  crc64nvme: hex("ae8b14860a799888"),
  sha1: hash("sha1"),
  sha256: hash("sha256"),
};

const put = (key: string, headers: Record<string, string>, body: string = BODY) =>
  client.fetch(`${s3.url}/tfstate/${key}`, { method: "PUT", headers, body });
const stored = async (key: string) => (await client.fetch(`${s3.url}/tfstate/${key}`)).status === 200;

async function refusal(answer: Promise<Response>) {
  const response = await answer;
  return [response.status, await codeOf(response)];
}

test.each(Object.keys(CHECKSUMS))("%s is checked and answered", async (algorithm) => {
  const header = `x-amz-checksum-${algorithm}`;
  const value = CHECKSUMS[algorithm] ?? "";
  const { status, headers } = await put(algorithm, { [header]: value });
  expect([status, headers.get(header)]).toEqual([200, value]);
  expect(await refusal(put(`bad-${algorithm}`, { [header]: value }, "123456780"))).toEqual([
    400,
    "BadDigest",
  ]);
  expect(await refusal(put(`bad-${algorithm}`, { [header]: "AAAA" }))).toEqual([400, "InvalidDigest"]);
  expect(await refusal(put(`bad-${algorithm}`, { [header]: value }, ""))).toEqual([400, "BadDigest"]);
  expect(await stored(`bad-${algorithm}`)).toBe(false);
});

test("Content-MD5 is checked, alone and next to another checksum", async () => {
  const md5 = hash("md5");
  expect((await put("md5", { "content-md5": md5 })).status).toBe(200);
  expect(
    (await put("md5", { "content-md5": md5, "x-amz-checksum-crc32": CHECKSUMS.crc32 ?? "" })).status,
  ).toBe(200);
  expect(await refusal(put("bad-md5", { "content-md5": md5 }, "x"))).toEqual([400, "BadDigest"]);
  expect(await refusal(put("bad-md5", { "content-md5": "x" }))).toEqual([400, "InvalidDigest"]);
  expect(await stored("bad-md5")).toBe(false);
});

test("a second checksum is refused", async () => {
  const headers = {
    "x-amz-checksum-crc32": CHECKSUMS.crc32 ?? "",
    "x-amz-checksum-sha1": CHECKSUMS.sha1 ?? "",
  };
  expect(await refusal(put("two", headers))).toEqual([400, "InvalidRequest"]);
});

test("a hash is stored with its object and answered on request", async () => {
  await put("kept", { "x-amz-checksum-sha256": CHECKSUMS.sha256 ?? "" });
  const head = (headers: Record<string, string>) =>
    client.fetch(`${s3.url}/tfstate/kept`, { method: "HEAD", headers });
  expect((await head({})).headers.get("x-amz-checksum-sha256")).toBeNull();
  const asked = await head({ "x-amz-checksum-mode": "ENABLED" });
  expect(asked.headers.get("x-amz-checksum-sha256")).toBe(CHECKSUMS.sha256);
});

/** A body as the SDKs send it over TLS: in chunks, followed by its checksum. */
function chunked(
  pieces: readonly string[],
  trailer: string,
): { headers: Record<string, string>; body: string } {
  const frames = pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`);
  return {
    headers: {
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-decoded-content-length": String(Buffer.byteLength(pieces.join(""))),
      "x-amz-trailer": "x-amz-checksum-crc32",
      "content-encoding": "aws-chunked",
    },
    body: `${frames.join("")}0\r\n${trailer}\r\n\r\n`,
  };
}

test("aws-chunked is decoded, and its trailer is checked", async () => {
  const right = chunked([BODY.slice(0, 4), BODY.slice(4)], `x-amz-checksum-crc32:${CHECKSUMS.crc32}`);
  const answer = await put("chunked", right.headers, right.body);
  expect([answer.status, answer.headers.get("x-amz-checksum-crc32")]).toEqual([200, CHECKSUMS.crc32]);
  const object = await client.fetch(`${s3.url}/tfstate/chunked`);
  expect([await object.text(), object.headers.get("content-encoding")]).toEqual([BODY, null]);

  const pieces = ["a".repeat(100_000), "b".repeat(70_000), "\r\n0\r\n"];
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(pieces.join("")));
  const large = chunked(pieces, `x-amz-checksum-crc32:${sum.toString("base64")}`);
  expect((await put("chunked", large.headers, large.body)).status).toBe(200);
  expect(await (await client.fetch(`${s3.url}/tfstate/chunked`)).text()).toBe(pieces.join(""));
});

test.each([
  ["another checksum", chunked(["abc"], `x-amz-checksum-crc32:${CHECKSUMS.crc32}`), "BadDigest"],
  ["no trailer", chunked(["abc"], ""), "InvalidRequest"],
  ["no framing", { ...chunked([BODY], ""), body: BODY }, "InvalidRequest"],
  ["an end inside a chunk", { ...chunked([BODY], ""), body: "9\r\n1234" }, "InvalidRequest"],
  ["more than announced", { ...chunked(["abc"], ""), body: "4\r\nabcd\r\n0\r\n\r\n" }, "IncompleteBody"],
])("aws-chunked with %s is refused", async (_what, { headers, body }, code) => {
  expect(await refusal(put("broken", headers, body))).toEqual([400, code]);
  expect(await stored("broken")).toBe(false);
});
