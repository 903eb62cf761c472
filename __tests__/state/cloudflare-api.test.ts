import { z } from "zod";
import { CloudflareApi, type CloudflareApiProps } from "../../state/cloudflare-api";
import { RequestTimeouts } from "./support/request-timeouts";
import { hangAt, ScriptedServer } from "./support/scripted-server";

const TOKEN = "a token that nobody may see";
const ID = z.object({ result: z.object({ id: z.string() }) });

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.stop());
afterEach(() => jest.restoreAllMocks());

const api = (props: Partial<CloudflareApiProps> = {}) =>
  new CloudflareApi({ accountId: "account", token: TOKEN, baseUrl: `${server.url}/client/v4/`, ...props });
const answers = (status: number, body: unknown) => {
  server.answer = (response) =>
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
};

test("what it sends: token, jurisdiction and body, below the account", async () => {
  const sent: unknown[] = [];
  server.answer = (response, { method, url, headers }, body) => {
    const { authorization, "cf-r2-jurisdiction": jurisdiction } = headers;
    sent.push([method, url, authorization, jurisdiction, body]);
    response.end('{"result":{"id":"x"}}');
  };
  expect(await api().get("/a", ID)).toEqual({ result: { id: "x" } });
  expect(await api({ jurisdiction: "eu" }).post("/b", { c: 1 }, ID)).toEqual({ result: { id: "x" } });
  await api().delete("/d");
  const [at, bearer] = ["/client/v4/accounts/account", `Bearer ${TOKEN}`];
  expect(sent).toEqual([
    ["GET", `${at}/a`, bearer, undefined, ""],
    ["POST", `${at}/b`, bearer, "eu", '{"c":1}'],
    ["DELETE", `${at}/d`, bearer, undefined, ""],
  ]);
});

test("there is none only where Cloudflare says so", async () => {
  answers(404, { success: false, errors: [{ code: 10006, message: "not there" }] });
  expect(await api().get("/a", ID)).toBeUndefined();
  await api().delete("/a");
  await expect(api().post("/a", {}, ID)).rejects.toThrow("/accounts/account/a answers 404: 10006 not there;");
  answers(404, "<html>no such page</html>");
  await expect(api().get("/a", ID)).rejects.toThrow(
    "answers 404: no reason given; check CLOUDFLARE_API_TOKEN",
  );
  await expect(api().delete("/a")).rejects.toThrow("answers 404");
});

test.each([
  ["a page", "<html>hello</html>"],
  ["nothing", ""],
  ["another shape", { result: { accessKeyId: 1 } }],
])("%s instead of what Cloudflare answers is told, with what to check", async (_, body) => {
  answers(200, body);
  await expect(api().post("/a", {}, ID)).rejects.toThrow(
    /^http:.*\/accounts\/account\/a answers 200, but not in the form of Cloudflare's API; check CLOUDFLARE_BASE_URL, and/,
  );
});

test("a refusal says what the caller wants checked, and repeats nothing that was sent", async () => {
  server.answer = (response, { headers }) =>
    response.writeHead(403).end(JSON.stringify({ errors: [{ code: 1, message: "no" }], sent: headers }));
  await expect(api({ fix: "check this" }).get("/a", ID)).rejects.toThrow(/ answers 403: 1 no; check this$/);
});

test.each([429, 503])("after %i a question is asked again; what changes something is not", async (status) => {
  const busy = [status, status];
  server.answer = (response) => response.writeHead(busy.pop() ?? 200).end('{"result":{"id":"x"}}');
  expect(await api().get("/a", ID)).toEqual({ result: { id: "x" } });

  answers(status, { errors: [{ code: 971, message: "slow down" }] });
  server.requests.length = 0;
  await expect(api({ fix: "check this" }).post("/a", {}, ID)).rejects.toThrow(
    new RegExp(` answers ${status}: 971 slow down; try again in some minutes$`),
  );
  await expect(api().delete("/a")).rejects.toThrow("try again in some minutes");
  await expect(api().get("/b", ID)).rejects.toThrow("try again in some minutes");
  const [post, remove, ...gets] = server.requests.map((line) => line.split(" ", 1)[0]);
  expect([post, remove, gets]).toEqual(["POST", "DELETE", ["GET", "GET", "GET"]]);
});

test("a question whose connection breaks is asked again", async () => {
  let broken = 1;
  server.answer = (response) => (broken-- > 0 ? response.destroy() : response.end('{"result":{"id":"x"}}'));
  expect(await api().get("/a", ID)).toEqual({ result: { id: "x" } });
  server.answer = (response) => response.destroy();
  await expect(api().get("/a", ID)).rejects.toThrow(/does not answer \(.*\); check the network/);
});

test.each(["head", "body"] as const)(
  "an answer that hangs at its %s is waited for no longer than said, and not asked for again",
  async (where) => {
    const timeouts = new RequestTimeouts();
    server.answer = hangAt(where, () => timeouts.pass());
    server.requests.length = 0;
    const answer = api({ timeoutMs: 50 }).get("/a", ID);
    await expect(answer).rejects.toThrow(/does not answer \(.*timeout.*\); check/);
    expect([server.requests.length, timeouts.asked]).toEqual([1, [50]]);
  },
);

test("a stop ends the wait for an answer", async () => {
  const stop = new AbortController();
  server.answer = () => stop.abort(new Error("stopped"));
  await expect(api({ signal: stop.signal }).get("/a", ID)).rejects.toThrow("stopped");
});

test("an empty CLOUDFLARE_BASE_URL is none", async () => {
  const asked = jest.spyOn(globalThis, "fetch").mockResolvedValue(new Response('{"result":{"id":"x"}}'));
  await api({ baseUrl: "" }).get("/a", ID);
  expect(asked.mock.calls[0]?.[0]).toBe("https://api.cloudflare.com/client/v4/accounts/account/a");
});
