import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CloudflareStandIn } from "../../../stand-ins/cloudflare";
import { Api, StandIns } from "./support/cloudflare";

const COUNTER = readFileSync(join(__dirname, "support", "counter.mjs"), "utf8");
const FIRST = { new_tag: "v1", new_sqlite_classes: ["Counter"] };
const BINDINGS = [
  { type: "r2_bucket", name: "BUCKET", bucket_name: "objects" },
  { type: "durable_object_namespace", name: "COUNTER", class_name: "Counter" },
  { type: "secret_text", name: "SECRET", text: "hush" },
  { type: "plain_text", name: "GREETING", text: "hello" },
];

const standIns = new StandIns();
const folder = standIns.newFolder();
let cloudflare: CloudflareStandIn;
let api: Api;
beforeAll(async () => {
  cloudflare = await standIns.start({ folder });
  api = new Api(cloudflare);
  await api.post("r2/buckets", { name: "objects" });
  await api.post("r2/buckets", { name: "european" }, { "cf-r2-jurisdiction": "eu" });
});
afterAll(() => standIns.end());

const ask = async (script: string, path = "/", init: RequestInit = {}) =>
  fetch(cloudflare.workerUrl(script) + path, init);

describe("a script", () => {
  const name = "life";
  const url = () => cloudflare.workerUrl(name);

  test("has an address before it is uploaded", async () => {
    const before = url();
    expect(url()).toBe(before);
    expect((await ask(name)).status).toBe(404);
  });

  test("runs with its bindings once it has a route", async () => {
    const uploaded = await api.upload(name, COUNTER, { bindings: BINDINGS, migrations: FIRST });
    expect(uploaded).toMatchObject({
      status: 200,
      result: {
        id: name,
        etag: expect.stringMatching(/^[0-9a-f]{64}$/),
        handlers: ["fetch", "scheduled"],
        named_handlers: [{ name: "Counter", handlers: ["class"] }],
        has_modules: true,
        migration_tag: "v1",
        usage_model: "standard",
      },
    });
    expect((await ask(name)).status).toBe(404);
    const subdomain = { enabled: true, previews_enabled: false };
    expect((await api.post(`workers/scripts/${name}/subdomain`, subdomain)).result).toEqual(subdomain);
    expect(await (await ask(name, "/path?query=1")).json()).toEqual({
      count: 1,
      url: `${url()}/path?query=1`,
      secret: "hush",
      greeting: "hello",
    });
  });

  test("is described by the API, without its secrets", async () => {
    const { result: service } = await api.get(`workers/services/${name}`);
    expect(service).toMatchObject({ default_environment: { script: { id: name, migration_tag: "v1" } } });
    expect((await api.get("workers/scripts")).result).toEqual([
      (service.default_environment as { script: object }).script,
    ]);
    const { result: settings } = await api.get(`workers/scripts/${name}/settings`);
    expect(settings).toEqual({
      bindings: [
        BINDINGS[0],
        { ...BINDINGS[1], namespace_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
        { type: "secret_text", name: "SECRET" },
        BINDINGS[3],
      ],
      compatibility_date: "2026-04-01",
      compatibility_flags: [],
      logpush: false,
      placement: {},
      tail_consumers: [],
      usage_model: "standard",
    });
    const content = await api.raw("GET", `workers/scripts/${name}/content/v2`);
    expect(content.headers.get("content-type")).toMatch(/^multipart\/form-data; boundary=/);
    const [[part, file] = []] = [...(await content.formData())];
    expect([part, await (file as File).text()]).toEqual(["index.mjs", COUNTER]);
    expect(await (await api.raw("GET", `workers/scripts/${name}`)).text()).toBe(COUNTER);
  });

  test("is updated in place: its objects and those of its bucket stay", async () => {
    await ask(name, "/objects/a%20key", { method: "PUT", body: "kept" });
    const bindings = BINDINGS.filter(({ type }) => type !== "secret_text");
    const code = COUNTER.replace("greeting:", "changed: true, greeting:");
    const updated = await api.upload(name, code, {
      bindings,
      keep_bindings: ["secret_text"],
      observability: { enabled: true, head_sampling_rate: 0.5 },
      placement: { mode: "smart" },
    });
    expect(updated.status).toBe(200);
    expect(await (await ask(name)).json()).toMatchObject({ count: 2, changed: true, secret: "hush" });
    expect(await (await ask(name, "/objects/a%20key")).text()).toBe("kept");
    expect((await api.get(`workers/scripts/${name}/settings`)).result).toMatchObject({
      observability: {
        enabled: true,
        head_sampling_rate: 0.5,
        logs: {
          enabled: true,
          invocation_logs: true,
          head_sampling_rate: 1,
          persist: true,
          destinations: [],
        },
      },
      placement: { mode: "smart" },
    });
  });

  test("keeps its bucket from being deleted while objects are in it", async () => {
    expect(await api.delete("r2/buckets/objects")).toMatchObject({ status: 409, code: 10008 });
  });

  test("meets the lock rules of its bucket", async () => {
    const rule = {
      id: "keep",
      enabled: true,
      prefix: "history/",
      condition: { type: "Age", maxAgeSeconds: 3600 },
    };
    const put = async (key: string) =>
      (await ask(name, `/objects/${key}`, { method: "PUT", body: "x" })).status;
    expect(await put("history/1")).toBe(200);
    await api.put("r2/buckets/objects/lock", { rules: [rule] });
    expect([await put("history/1"), await put("history/2"), await put("current")]).toEqual([500, 200, 200]);
    expect(await (await ask(name, "/objects/history/1")).text()).toBe("x");
    await api.put("r2/buckets/objects/lock", { rules: [] });
    expect(await put("history/1")).toBe(200);
  });

  test("runs its cron triggers", async () => {
    const schedules = [{ cron: "*/5 * * * *" }, { cron: "0 3 * * SUN" }];
    const put = await api.put(`workers/scripts/${name}/schedules`, schedules);
    expect(put.result).toMatchObject({ schedules });
    expect((await api.get(`workers/scripts/${name}/schedules`)).result).toEqual(put.result);
    expect(await cloudflare.runSchedule(name, "*/5 * * * *")).toBe("ok");
    expect(await (await ask(name, "/objects/cron")).text()).toBe("*/5 * * * *");
    expect((await ask(name, "/cdn-cgi/handler/scheduled?cron=0+3+*+*+SUN")).status).toBe(200);
    expect(await (await ask(name, "/objects/cron")).text()).toBe("0 3 * * SUN");
    for (const cron of ["never", "61 * * * *", "* * * * * *"]) {
      const refused = await api.put(`workers/scripts/${name}/schedules`, [{ cron }]);
      expect(refused).toMatchObject({ status: 400, code: 10100 });
    }
  });

  test("is reached by a custom domain too", async () => {
    await api.delete(`workers/scripts/${name}/subdomain`);
    expect((await ask(name)).status).toBe(404);
    const domain = { hostname: "state.example.com", service: name, zone_id: "0".repeat(32) };
    const { result } = await api.put("workers/domains", domain);
    expect(result).toEqual({
      ...domain,
      id: expect.any(String),
      zone_name: "example.com",
      environment: "production",
      cert_id: expect.any(String),
    });
    expect((await api.get(`workers/domains/${result.id}`)).result).toEqual(result);
    expect((await ask(name)).status).toBe(200);
    expect((await api.put("workers/domains", { ...domain, service: "none" })).status).toBe(404);
    expect((await api.delete(`workers/domains/${result.id}`)).status).toBe(200);
    expect((await api.get(`workers/domains/${result.id}`)).status).toBe(404);
    expect((await api.delete(`workers/domains/${result.id}`)).status).toBe(404);
  });

  test("is deleted with its Durable Objects, but keeps its address", async () => {
    const before = url();
    expect(readdirSync(join(folder, "durable-objects"))).toHaveLength(1);
    expect((await api.delete(`workers/scripts/${name}`)).status).toBe(200);
    expect(readdirSync(join(folder, "durable-objects"))).toEqual([]);
    for (const path of ["settings", "content/v2", "subdomain", "schedules", ""]) {
      const gone = await api.get(`workers/scripts/${name}${path && `/${path}`}`);
      expect(gone).toMatchObject({ status: 404, code: 10007 });
    }
    expect(await api.get(`workers/services/${name}`)).toMatchObject({ status: 404, code: 10007 });
    expect(await api.delete(`workers/scripts/${name}`)).toMatchObject({ status: 404, code: 10007 });
    expect(await api.delete(`workers/scripts/${name}/subdomain`)).toMatchObject({ status: 404 });
    expect((await ask(name)).status).toBe(404);

    await api.upload(name, COUNTER, { bindings: BINDINGS, migrations: FIRST });
    await api.post(`workers/scripts/${name}/subdomain`, { enabled: true });
    expect(url()).toBe(before);
    expect(await (await ask(name)).json()).toMatchObject({ count: 1 });
  });
});

describe("migrations", () => {
  const upload = (
    migrations: object | undefined,
    { code = COUNTER, script = "migrating", bound = true } = {},
  ) =>
    api.upload(script, code, {
      bindings: bound ? BINDINGS : BINDINGS.filter(({ type }) => type !== "durable_object_namespace"),
      migrations,
    });

  test("need the tag that the script has", async () => {
    const stale = { status: 412, code: 10079 };
    expect(await upload({ ...FIRST, old_tag: "v0" })).toMatchObject(stale);
    expect(await upload(FIRST)).toMatchObject({ status: 200 });
    const again = await upload(FIRST);
    expect(again).toMatchObject(stale);
    expect(again.message).toMatch(
      /^Actor migration tag precondition failed, got tag '' when expected tag is 'v1'/,
    );
    expect(await upload(undefined)).toMatchObject({ status: 200 });
    expect(await upload({ old_tag: "v1", new_tag: "v1" })).toMatchObject({ status: 200 });
    expect(await upload({ old_tag: "v1", new_tag: "v2" })).toMatchObject({
      result: { migration_tag: "v2" },
    });
    expect(await upload({ old_tag: "v1", new_tag: "v1" })).toMatchObject(stale);
  });

  test("create a class only once, and only if the script exports it", async () => {
    const again = { old_tag: "v2", new_tag: "v3", new_sqlite_classes: ["Counter"] };
    expect(await upload(again)).toMatchObject({ status: 400, code: 10074 });
    const missing = { old_tag: "v2", new_tag: "v3", new_sqlite_classes: ["Missing"] };
    expect(await upload(missing)).toMatchObject({ status: 400, code: 10070 });
    const renamed = COUNTER.replace("class Counter", "class Tally");
    expect(await upload(undefined, { code: renamed })).toMatchObject({ status: 400, code: 10064 });
  });

  test("are needed before a binding", async () => {
    expect(await upload(undefined, { script: "fresh" })).toMatchObject({ status: 400, code: 10061 });
    expect(await api.get("workers/scripts/fresh")).toMatchObject({ status: 404 });
    const deleted = { old_tag: "v2", new_tag: "v3", deleted_classes: ["Counter"] };
    expect(await upload(deleted)).toMatchObject({ status: 400, code: 10061 });
    expect(await upload(deleted, { bound: false })).toMatchObject({ status: 200 });
  });

  test("keep the objects of a renamed class", async () => {
    const script = "renaming";
    await upload(FIRST, { script });
    await api.post(`workers/scripts/${script}/subdomain`, { enabled: true });
    expect(await (await ask(script)).json()).toMatchObject({ count: 1 });
    const bindings = [
      BINDINGS[0],
      { type: "durable_object_namespace", name: "COUNTER", class_name: "Tally" },
    ];
    const renamed = await api.upload(script, COUNTER.replace("class Counter", "class Tally"), {
      bindings,
      migrations: {
        old_tag: "v1",
        new_tag: "v2",
        steps: [{ renamed_classes: [{ from: "Counter", to: "Tally" }] }],
      },
    });
    expect(renamed).toMatchObject({ status: 200 });
    expect(await (await ask(script)).json()).toMatchObject({ count: 2 });
  });
});

describe("refused, while the version before runs on:", () => {
  const name = "steady";
  const plain = "export default { fetch: () => new Response('steady') };";
  beforeAll(async () => {
    await api.upload(name, plain);
    await api.post(`workers/scripts/${name}/subdomain`, { enabled: true });
  });

  test.each([
    ["a module that does not parse", "export default {", {}, 10021],
    ["a module that throws", "throw new Error('at start'); export default {}", {}, 10021],
    ["an import that is not there", "import './other.mjs'; export default {}", {}, 10021],
    ["a script without exports", "const nothing = 1;", {}, 10068],
    ["an unknown compatibility flag", plain, { compatibility_flags: ["none_such"] }, 10021],
    ["a main module that is not there", plain, { main_module: "other.mjs" }, 10021],
    ["a bucket that is not there", plain, { bindings: [{ ...BINDINGS[0], bucket_name: "none" }] }, 10085],
    [
      "a bucket of another jurisdiction",
      plain,
      { bindings: [{ ...BINDINGS[0], bucket_name: "european" }] },
      10085,
    ],
    ["a binding that is unknown here", plain, { bindings: [{ type: "d1", name: "DB" }] }, 10021],
    ["two bindings of one name", plain, { bindings: [BINDINGS[3], BINDINGS[3]] }, 10021],
  ])("%s", async (_, code, metadata, number) => {
    expect(await api.upload(name, code, metadata)).toMatchObject({ status: 400, code: number });
    expect(await (await ask(name)).text()).toBe("steady");
  });

  test("a module that throws only where its bucket is", async () => {
    const code = `import { env } from "cloudflare:workers";
      if (env.BUCKET) throw new Error("not with this bucket");
      ${plain}`;
    const refused = await api.upload(name, code, { bindings: [BINDINGS[0]] });
    expect(refused).toMatchObject({ status: 400, code: 10021 });
    expect(refused.message).toMatch(/^Uncaught Error: not with this bucket/);
    expect(await (await ask(name)).text()).toBe("steady");
    expect(await api.upload(name, code)).toMatchObject({ status: 200 });
  });

  test("and the message says what is wrong with the code", async () => {
    const { message } = await api.upload(name, "throw new Error('at start');");
    expect(message).toMatch(/^Uncaught Error: at start/);
  });

  test.each([
    [
      "a binding that is not served",
      { bindings: [{ type: "secrets_store_secret", name: "SECRET", store_id: "s", secret_name: "n" }] },
      'the stand-in has no bindings of type "secrets_store_secret", only plain_text,',
    ],
    [
      "a class of another script",
      { migrations: { new_tag: "v1", transferred_classes: [{ from: "A", from_script: "b", to: "A" }] } },
      "the stand-in does not transfer classes from another script",
    ],
    [
      "a bucket of a jurisdiction that a binding cannot name",
      { bindings: [{ ...BINDINGS[0], jurisdiction: "default" }] },
      'bindings.0.jurisdiction: Invalid option: expected one of "eu"|"fedramp"',
    ],
  ])("and the message says so of %s", async (_, metadata, expected) => {
    const { status, code, message } = await api.upload(name, plain, metadata);
    expect([status, code, message]).toEqual([400, 10021, expect.stringContaining(expected)]);
  });

  test("but a bucket in the jurisdiction that is named is fine", async () => {
    const european = { type: "r2_bucket", name: "BUCKET", bucket_name: "european", jurisdiction: "eu" };
    expect(await api.upload(name, plain, { bindings: [european] })).toMatchObject({ status: 200 });
  });
});

test("an upload is not noticed by the clients of another Worker", async () => {
  // Slow, so that one is under way whenever the runtime restarts.
  const slow = "async fetch() { await scheduler.wait(500); return new Response('busy'); }";
  await api.upload("busy", `export default { ${slow} };`);
  await api.post("workers/scripts/busy/subdomain", { enabled: true });
  const uploads = (async () => {
    for (const version of [1, 2]) {
      await api.upload("other", `export default { fetch: () => new Response('${version}') };`);
    }
  })();
  let uploading = true;
  uploads.finally(() => {
    uploading = false;
  });
  const seen = new Set<string>();
  while (uploading) seen.add(await (await ask("busy")).text());
  await uploads;
  expect([...seen]).toEqual(["busy"]);
});
