import { expectProblem, json, jsonList } from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { startTestWorker, type TestWorker } from "./support/harness";

/** States with many resources and many versions: what is said of them has an end, and all of it can be had. */
let worker: TestWorker;
/** Each version has other resources than the one before it. */
let alternating: State;
/** All versions have the same ones. */
let steady: State;
const versions = 26;
const names = (of: string): string[] =>
  Array.from({ length: 2000 }, (_, at) => `${of}_${"long".repeat(12)}_${at}`);
const addresses = (of: string): string[] =>
  names(of)
    .map((name) => `terraform_data.${name}`)
    .sort();

beforeAll(async () => {
  worker = await startTestWorker({ vars: { TFSTATE_BASE_PATH: "/tfstate" } });
  alternating = new State(worker.owner);
  steady = new State(worker.owner);
  for (let serial = 1; serial <= versions; serial++) {
    const resources = names(serial % 2 === 0 ? "even" : "odd");
    await alternating.post(stateBody({ serial, resources }));
    await steady.post(stateBody({ serial, resources: names("same") }));
  }
});
afterAll(() => worker.stop());

test("the list of versions has an end in bytes, and each whole difference an address of its own", async () => {
  const reply = await alternating.send("GET", "/versions?limit=1000");
  // Every difference has 280 kB: with all of them, the list would have 7 MB.
  expect(reply.text.length).toBeLessThan(2_000_000);
  const list = jsonList(reply);
  expect(list.map(({ serial, resources }) => [serial, resources])).toEqual(
    Array.from({ length: versions }, (_, at) => [versions - at, 2000]),
  );
  expect(list[0]?.diff).toEqual({ added: addresses("even"), removed: addresses("odd") });
  expect(list.at(-2)?.diff).toBeNull();
  for (const { id, serial } of [list[0], list.at(-2)] as { id: string; serial: number }[]) {
    const changes = json(await alternating.send("GET", `/versions/${id}/changes`));
    const against = list.find((version) => version.serial === serial - 1)?.id;
    const diff = { added: addresses("even"), removed: addresses("odd") };
    expect(changes).toEqual({ id, serial, against, diff });
  }
  const first = json(await alternating.send("GET", `/versions/${list.at(-1)?.id}/changes`));
  expect(first).toMatchObject({ against: null, diff: { added: addresses("odd"), removed: [] } });
  expectProblem(await alternating.send("GET", "/versions/nope/changes"), 400);
});

test("a difference is against the apply before, not against a write of the same apply", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1, resources: ["a"] }));
  const info = lockInfo();
  await state.lock(info);
  await state.post(stateBody({ serial: 2, resources: ["a", "b"] }), info.ID);
  await state.post(stateBody({ serial: 3, resources: ["b", "c"] }), info.ID);
  await state.unlock(info);
  const [newest, oldest] = jsonList(await state.send("GET", "/versions"));
  const changes = json(await state.send("GET", `/versions/${newest?.id}/changes`));
  const diff = { added: ["terraform_data.b", "terraform_data.c"], removed: ["terraform_data.a"] };
  expect([newest?.diff, changes.diff, changes.against]).toEqual([diff, diff, oldest?.id]);
});

test("versions with the same resources are told to be so, however many there are", async () => {
  const list = jsonList(await steady.send("GET", "/versions"));
  expect(list.slice(0, -1).map(({ diff }) => diff)).toEqual(
    Array.from({ length: versions - 1 }, () => ({ added: [], removed: [] })),
  );
});

test("a page shows some versions, and leads to the others and to every difference", async () => {
  const page = async (path: string) => {
    const { status, text } = await send(worker.owner, "GET", path);
    expect(status).toBe(200);
    return text;
  };
  const link = (text: string, pattern: RegExp) => pattern.exec(text)?.[1]?.replace("/tfstate", "");
  const serials: number[] = [];
  let path: string | undefined = `/page${alternating.path}`;
  for (let pages = 0; path !== undefined; pages++) {
    expect(pages).toBeLessThan(versions);
    const text = await page(path);
    expect(text.length).toBeLessThan(40_000);
    serials.push(...[...text.matchAll(/<th scope="row">(\d+)</g)].map(([, serial]) => Number(serial)));
    path = link(text, /<a href="([^"]+)">Older versions/);
  }
  expect(serials).toEqual(Array.from({ length: versions }, (_, at) => versions - at));

  const changes = link(await page(`/page${alternating.path}`), /href="([^"]+\/changes\?id=[^"]+)"/);
  const whole = await page(String(changes));
  expect(whole).toContain(`What serial ${versions} of ${alternating.name} changed`);
  expect(whole).toContain("2000 added, 2000 removed");
  for (const address of [
    ...addresses("even").map((name) => `+ ${name}`),
    ...addresses("odd").map((name) => `− ${name}`),
  ])
    expect(whole).toContain(address);
});
