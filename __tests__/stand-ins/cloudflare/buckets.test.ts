import type { CloudflareStandIn } from "../../../stand-ins/cloudflare";
import { Api, StandIns } from "./support/cloudflare";

const standIns = new StandIns();
let cloudflare: CloudflareStandIn;
let api: Api;
beforeAll(async () => {
  cloudflare = await standIns.start();
  api = new Api(cloudflare);
});
afterAll(() => standIns.end());

const EU = { "cf-r2-jurisdiction": "eu" };

test("a bucket is created, read, listed, changed and deleted", async () => {
  const created = await api.post("r2/buckets", {
    name: "life",
    locationHint: "eeur",
    storageClass: "Standard",
  });
  expect([created.status, created.result]).toEqual([
    200,
    {
      name: "life",
      creation_date: expect.stringMatching(/^20.*Z$/),
      location: "EEUR",
      storage_class: "Standard",
      jurisdiction: "default",
    },
  ]);
  expect((await api.get("r2/buckets/life")).result).toEqual(created.result);
  expect((await api.get("r2/buckets")).result).toEqual({ buckets: [created.result] });

  const changed = await api.patch("r2/buckets/life", { "cf-r2-storage-class": "InfrequentAccess" });
  expect(changed.result.storage_class).toBe("InfrequentAccess");

  expect((await api.delete("r2/buckets/life")).status).toBe(200);
  expect(await api.get("r2/buckets/life")).toMatchObject({ status: 404, code: 10006 });
  expect(await api.delete("r2/buckets/life")).toMatchObject({ status: 404, code: 10006 });
});

test("a name is taken once per jurisdiction", async () => {
  await api.post("r2/buckets", { name: "twice" });
  expect(await api.post("r2/buckets", { name: "twice" })).toMatchObject({ status: 409, code: 10004 });
  expect(await api.post("r2/buckets", { name: "twice" }, EU)).toMatchObject({ status: 200 });
  await api.delete("r2/buckets/twice");
  expect(await api.get("r2/buckets/twice")).toMatchObject({ status: 404 });
  expect(await api.get("r2/buckets/twice", EU)).toMatchObject({ status: 200 });
  expect(await api.patch("r2/buckets/twice", { "cf-r2-storage-class": "Standard" })).toMatchObject({
    status: 404,
  });
});

test.each(["ab", "Upper", "with_underscore", "-dash", "dash-", "a".repeat(64), "with.dot"])(
  "%j is no name of a bucket",
  async (name) => {
    expect(await api.post("r2/buckets", { name })).toMatchObject({ status: 400, code: 10005 });
  },
);

test("an unknown jurisdiction, location or class is refused", async () => {
  const refused = { status: 400, code: 10001 };
  expect(await api.get("r2/buckets", { "cf-r2-jurisdiction": "mars" })).toMatchObject(refused);
  expect(await api.post("r2/buckets", { name: "far", locationHint: "mars" })).toMatchObject(refused);
  expect(await api.post("r2/buckets", { name: "far", storageClass: "Cold" })).toMatchObject(refused);
});

test("where the stand-in chooses the location, locationHint is ignored", async () => {
  const chooses = new Api(await standIns.start({ location: "enam" }));
  const created = await chooses.post("r2/buckets", { name: "far", locationHint: "weur" });
  expect(created.result).toMatchObject({ location: "ENAM" });
  expect((await chooses.get("r2/buckets/far")).result).toEqual(created.result);
});

test("lifecycle and lock rules are kept in order and answered as they were sent", async () => {
  await api.post("r2/buckets", { name: "rules" });
  expect((await api.get("r2/buckets/rules/lifecycle")).result).toMatchObject({
    rules: [{ id: "Default Multipart Abort Rule", enabled: true }],
  });
  const lifecycle = [
    {
      id: "expire",
      enabled: true,
      conditions: { prefix: "history/" },
      deleteObjectsTransition: { condition: { type: "Age", maxAge: 7_776_000 } },
    },
    {
      id: "abort",
      enabled: true,
      conditions: { prefix: "" },
      abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 604_800 } },
    },
  ];
  expect(await api.put("r2/buckets/rules/lifecycle", { rules: lifecycle })).toMatchObject({
    status: 200,
    result: {},
  });
  expect((await api.get("r2/buckets/rules/lifecycle")).result).toEqual({ rules: lifecycle });

  const lock = [
    { id: "b", enabled: true, prefix: "history/", condition: { type: "Age", maxAgeSeconds: 86_400 } },
    { id: "a", enabled: false, condition: { type: "Date", date: "2030-01-01T00:00:00Z" } },
    { id: "c", enabled: true, condition: { type: "Indefinite" } },
  ];
  expect(await api.put("r2/buckets/rules/lock", { rules: lock })).toMatchObject({ status: 200 });
  expect((await api.get("r2/buckets/rules/lock")).result).toEqual({ rules: lock });
  expect(await api.put("r2/buckets/rules/lock", { rules: [] })).toMatchObject({ status: 200 });
  expect((await api.get("r2/buckets/rules/lock")).result).toEqual({ rules: [] });

  const [rule] = lock;
  for (const rules of [[rule, rule], [{ ...rule, condition: { type: "Age" } }], [{ ...rule, days: 3 }]]) {
    expect(await api.put("r2/buckets/rules/lock", { rules })).toMatchObject({ status: 400, code: 10061 });
  }
  expect(await api.get("r2/buckets/rules/lock", EU)).toMatchObject({ status: 404, code: 10006 });
});

test("the envelope is compact JSON", async () => {
  const response = await api.raw("GET", "r2/buckets/none");
  expect(await response.text()).toBe(
    '{"result":null,"success":false,"errors":[{"code":10006,"message":"The specified bucket does not exist."}],"messages":[]}',
  );
});
