import { newLock } from "../../state/locks";
import { R2Client } from "../../state/r2-client";
import { R2Store } from "../../state/r2-store";
import { RequestTimeouts } from "./support/request-timeouts";
import { hangAt, ScriptedServer } from "./support/scripted-server";
import { useBackends } from "./support/use-backends";

const KEYS = { accessKeyId: "a".repeat(32), secretAccessKey: "1".repeat(64) };
const BYTES = Buffer.from("{}");

describe("what a 404 says", () => {
  let server: ScriptedServer;
  let client: R2Client;
  beforeAll(async () => {
    server = await ScriptedServer.start();
    client = new R2Client(server.url, "tfstate", KEYS);
  });
  afterAll(() => server.stop());
  const says = (body: string) => {
    server.answer = (response) => response.writeHead(404).end(body);
  };
  const requests: readonly (() => Promise<unknown>)[] = [
    () => client.get("a"),
    () => client.put("a", BYTES, "absent"),
    () => client.delete("a"),
    () => client.list("a"),
  ];

  test.each(["", "<html>404 not found: NoSuchKey</html>", "<Error><Code>NoSuchUpload</Code></Error>"])(
    "%p says nothing of a state",
    async (body) => {
      says(body);
      for (const request of requests) {
        const error = await request().catch((error: unknown) => error);
        expect(String(error)).toContain(`${server.url} answers 404`);
        expect(String(error)).toContain("check that this is R2: state.account_id, AWS_ENDPOINT_URL_S3");
      }
    },
  );

  test("that there is no such key, but in a list", async () => {
    says("<Error><Code>NoSuchKey</Code></Error>");
    expect(await client.get("a")).toBeUndefined();
    expect(await client.put("a", BYTES, "absent")).toBe(false);
    await client.delete("a");
    await expect(client.list("a")).rejects.toThrow("answers 404 (NoSuchKey)");
  });

  test("that there is no such bucket", async () => {
    says("<Error><Code>NoSuchBucket</Code></Error>");
    for (const request of requests) await expect(request()).rejects.toThrow("has no bucket tfstate");
  });
});

describe("a server that is no R2, or none at all", () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(() => server.stop());

  test("a page in place of a list is no empty list", async () => {
    server.answer = (response) => response.end("<html><body>log in</body></html>");
    const client = new R2Client(server.url, "tfstate", KEYS);
    await expect(client.list("")).rejects.toThrow("answers with no list of tfstate/; check that this is R2");
  });

  describe("in time", () => {
    let timeouts: RequestTimeouts;
    beforeEach(() => {
      timeouts = new RequestTimeouts();
    });
    afterEach(() => jest.restoreAllMocks());

    test.each(["head", "body"] as const)("one that hangs at its %s is given up", async (where) => {
      server.answer = hangAt(where, () => timeouts.pass());
      const client = new R2Client(server.url, "tfstate", KEYS, { timeoutMs: 200 });
      await expect(client.get("a")).rejects.toThrow(`${server.url} does not answer within 0.2 s`);
      expect(server.requests).toHaveLength(1);
      expect(timeouts.asked).toEqual([200]);
    });

    test("a large state on its way is given the time that a slow line takes", async () => {
      server.answer = (response) => response.end();
      const client = new R2Client(server.url, "tfstate", KEYS, { timeoutMs: 200 });
      expect(await client.put("a", new Uint8Array(50_000), "absent")).toBe(true);
      expect(timeouts.asked).toEqual([1_200]);
    });
  });

  test("a delete that came too soon after a write is asked for again", async () => {
    let left = 1;
    server.answer = (response) => response.writeHead(left-- > 0 ? 429 : 204).end();
    await new R2Client(server.url, "tfstate", KEYS).delete("a");
    expect(server.requests).toHaveLength(2);
  });

  test("a delete that was done and answered 500 takes nobody else's lock", async () => {
    let file: string | undefined = JSON.stringify(newLock("ours"));
    const mine = JSON.parse(file);
    const next = JSON.stringify(newLock("next"));
    server.answer = (response, { method }) => {
      if (method !== "DELETE") {
        return file
          ? response.end(file)
          : response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
      }
      // Done, and somebody who waited has the lock at once.
      file = next;
      return response.writeHead(500).end("<Error><Code>InternalError</Code></Error>");
    };
    const store = new R2Store(new R2Client(server.url, "tfstate", KEYS), "tfstate", "a.tfstate");
    await store.unlock(mine);
    expect(file).toBe(next);
    expect(server.requests.filter((each) => each.startsWith("DELETE"))).toHaveLength(1);
  });

  test("a lost answer is asked for again, but to a delete", async () => {
    let left = 2;
    server.answer = (response) => (left-- > 0 ? response.destroy() : response.end("{}"));
    const client = new R2Client(server.url, "tfstate", KEYS);
    expect((await client.get("a"))?.bytes).toEqual(new Uint8Array(BYTES));
    left = 2;
    expect(await client.put("a", BYTES, "absent")).toBe(true);
    left = 1;
    await expect(client.delete("a")).rejects.toThrow("does not answer");
    expect(server.requests.filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });
});

describe("the stand-in", () => {
  const backends = useBackends();

  test("knows no such key", async () => {
    const client = new R2Client(backends.s3Url, "tfstate", KEYS);
    expect(await client.get("missing")).toBeUndefined();
    expect(await client.put("missing", BYTES, { etag: '"none"' })).toBe(false);
    await client.delete("missing");
    expect(await client.list("missing")).toEqual([]);
  });
});
