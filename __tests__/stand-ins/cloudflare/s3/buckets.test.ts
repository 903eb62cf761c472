import type { AwsClient } from "aws4fetch";
import fc from "fast-check";
import {
  ADMIN,
  clientOf,
  codeOf,
  type S3StandIn,
  STRANGER,
  startS3,
  textsOf,
  WRITER,
} from "./support/stand-in";

let s3: S3StandIn;
let client: AwsClient;
beforeEach(async () => {
  s3 = await startS3();
  client = clientOf(WRITER);
});
afterEach(() => s3.close());

const put = (key: string) =>
  client.fetch(`${s3.url}/tfstate/${encodeURIComponent(key)}`, { method: "PUT", body: key });

async function list(query: Record<string, string>): Promise<string> {
  const response = await client.fetch(`${s3.url}/tfstate?${new URLSearchParams(query)}`);
  if (response.status !== 200) throw new Error(await response.text());
  return response.text();
}
const prefixesOf = (xml: string) => textsOf(xml, "CommonPrefixes").flatMap((each) => textsOf(each, "Prefix"));

test("buckets are listed for whoever has the permission, and HEAD finds them", async () => {
  const all = await (await clientOf(ADMIN).fetch(`${s3.url}/`)).text();
  expect(textsOf(all, "Name")).toEqual(["tfstate", "other"]);
  const inEu = await (await clientOf(ADMIN).fetch(`${s3.url}/_eu`)).text();
  expect(textsOf(inEu, "Name")).toEqual(["tfstate"]);
  expect(await codeOf(await client.fetch(`${s3.url}/`))).toBe("AccessDenied");
  const head = async (keys: typeof WRITER, bucket: string) =>
    (await clientOf(keys).fetch(`${s3.url}/${bucket}`, { method: "HEAD" })).status;
  expect(await head(WRITER, "tfstate")).toBe(200);
  expect(await head(STRANGER, "tfstate")).toBe(403);
  expect(await head(ADMIN, "nowhere")).toBe(404);
});

test("a token for objects can neither create nor delete a bucket", async () => {
  for (const method of ["PUT", "DELETE"]) {
    const response = await client.fetch(`${s3.url}/tfstate`, { method });
    expect([response.status, await codeOf(response)]).toEqual([403, "AccessDenied"]);
  }
});

test("an empty bucket gives an empty listing, as `tofu init` of a new project needs", async () => {
  const xml = await list({ "list-type": "2", prefix: "env:/", "max-keys": "1000" });
  expect([textsOf(xml, "KeyCount"), textsOf(xml, "IsTruncated"), textsOf(xml, "Key")]).toEqual([
    ["0"],
    ["false"],
    [],
  ]);
});

test("both versions of ListObjects find every key once, in pages of any size", async () => {
  const keys = ["a", "a/1", "a/2", "a/b/3", "ab", "b/", "b/1", "c&d<e>", "é", "🔒"];
  for (const key of keys) await put(key);
  const pages = async (
    query: Record<string, string>,
    next: (xml: string) => Record<string, string> | undefined,
  ) => {
    const found: string[] = [];
    for (let more: Record<string, string> | undefined = {}; more; ) {
      const xml = await list({ ...query, ...more, "encoding-type": "url" });
      found.push(...textsOf(xml, "Key"), ...prefixesOf(xml));
      more = textsOf(xml, "IsTruncated")[0] === "true" ? next(xml) : undefined;
      expect(found.length).toBeLessThanOrEqual(keys.length);
    }
    return found.map(decodeURIComponent).sort();
  };
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 11 }),
      fc.constantFrom("", "/", "b"),
      fc.constantFrom("", "a", "a/", "b"),
      async (size, delimiter, prefix) => {
        const query = { "max-keys": String(size), prefix, delimiter };
        const expected = keys
          .filter((key) => key.startsWith(prefix))
          .map((key) => {
            const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
            return end < 0 ? key : key.slice(0, end + delimiter.length);
          });
        const v2 = await pages({ ...query, "list-type": "2" }, (xml) => ({
          "continuation-token": textsOf(xml, "NextContinuationToken")[0] ?? "",
        }));
        const v1 = await pages(query, (xml) => ({
          marker: decodeURIComponent(textsOf(xml, "NextMarker")[0] ?? ""),
        }));
        expect(v2).toEqual([...new Set(expected)].sort());
        expect(v1).toEqual(v2);
      },
    ),
    { numRuns: 25 },
  );
});

test("a listing has size, ETag and time, starts at a given key, and escapes names", async () => {
  for (const key of ["a", "c&d<e>", "e"]) await put(key);
  const xml = await list({ "list-type": "2", "start-after": "a" });
  expect(textsOf(xml, "Key")).toEqual(["c&amp;d&lt;e&gt;", "e"]);
  expect(textsOf(xml, "Size")).toEqual(["6", "1"]);
  expect(textsOf(xml, "ETag")[1]).toMatch(/^("|&quot;)e1671797c52e15f763380b45e841ec32\1$/); // MD5 of e
  expect(Date.parse(textsOf(xml, "LastModified")[0] ?? "")).toBeGreaterThan(Date.now() - 60_000);
  for (const [name, value] of [
    ["max-keys", "-1"],
    ["encoding-type", "base64"],
  ] as const) {
    await expect(list({ [name]: value })).rejects.toThrow("InvalidArgument");
  }
  expect(textsOf(await list({ "list-type": "2", "max-keys": "0" }), "Key")).toEqual([]);
});

test("several objects are deleted at once", async () => {
  const names = ["x<1>", "y&2", "z 3"];
  for (const name of [...names, "stays"]) await put(name);
  const entry = (name: string) =>
    `<Object><Key>${name.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</Key></Object>`;
  const remove = (body: string) => client.fetch(`${s3.url}/tfstate?delete`, { method: "POST", body });
  const answer = await remove(`<Delete>${[...names, "never"].map(entry).join("")}</Delete>`);
  expect(textsOf(await answer.text(), "Key")).toHaveLength(4);
  expect(textsOf(await list({ "list-type": "2" }), "Key")).toEqual(["stays"]);
  const quiet = await remove(`<Delete><Quiet>true</Quiet>${entry("stays")}</Delete>`);
  expect(textsOf(await quiet.text(), "Key")).toEqual([]);
  for (const body of ["<Delete></Delete>", "<Delete><Object>", "no XML"]) {
    expect(await codeOf(await remove(body))).toBe("MalformedXML");
  }
});

const PART = "p".repeat(5 * 1024 * 1024);

test("parts become an object, in whatever order they are uploaded", async () => {
  const url = `${s3.url}/tfstate/parts`;
  const headers = { "x-amz-meta-of": "parts", "content-type": "text/plain" };
  const created = await (await client.fetch(`${url}?uploads`, { method: "POST", headers })).text();
  const [uploadId = ""] = textsOf(created, "UploadId");
  const upload = (number: number, body: string, id = uploadId) =>
    client.fetch(`${url}?partNumber=${number}&uploadId=${id}`, { method: "PUT", body });
  const etags = new Map<number, string>();
  for (const [number, body] of [
    [2, "end"],
    [1, PART],
  ] as const) {
    etags.set(number, (await upload(number, body)).headers.get("etag") ?? "");
  }
  expect((await client.fetch(url)).status).toBe(404);
  const entry = (number: number) =>
    `<Part><PartNumber>${number}</PartNumber><ETag>${etags.get(number)}</ETag></Part>`;
  const complete = (parts: string) =>
    client.fetch(`${url}?uploadId=${uploadId}`, {
      method: "POST",
      body: `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`,
    });
  expect(await codeOf(await complete(entry(3)))).toBe("InvalidPart");
  expect(await codeOf(await complete(entry(1) + entry(1)))).toBe("InvalidPart");
  expect(await codeOf(await complete(""))).toBe("MalformedXML");
  expect(textsOf(await (await complete(entry(1) + entry(2))).text(), "Key")).toEqual(["parts"]);
  const object = await client.fetch(url);
  expect([object.headers.get("x-amz-meta-of"), object.headers.get("content-type")]).toEqual([
    "parts",
    "text/plain",
  ]);
  expect((await object.text()) === `${PART}end`).toBe(true);
  const range = await client.fetch(url, { headers: { range: "bytes=-4" } });
  expect(await range.text()).toBe("pend");
});

test("an aborted or unknown upload accepts no parts", async () => {
  const url = `${s3.url}/tfstate/aborted`;
  const created = await (await client.fetch(`${url}?uploads`, { method: "POST" })).text();
  const query = `?uploadId=${textsOf(created, "UploadId")[0]}`;
  expect((await client.fetch(url + query, { method: "DELETE" })).status).toBe(204);
  const part = (id: string, number = 1) =>
    client.fetch(`${url}${id}&partNumber=${number}`, { method: "PUT", body: "x" });
  for (const id of [query, "?uploadId=none"]) expect(await codeOf(await part(id))).toBe("NoSuchUpload");
  expect(await codeOf(await part(query, 10_001))).toBe("InvalidArgument");
  const unknown = await client.fetch(`${url}?uploadId=none`, { method: "DELETE" });
  expect([unknown.status, await codeOf(unknown)]).toEqual([404, "NoSuchUpload"]);
});
