import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account, AccountToken } from "../../bootstrap/account";
import { type Before, CutOff } from "../../bootstrap/cut-off";
import { Workplace } from "../../bootstrap/workplace";
import type { BootstrapConfig } from "../../config";
import type { ShownResource } from "../../process/tofu";

const AT = "2026-03-01T12:00:00.000Z";
const BUCKET = "com.cloudflare.edge.r2.bucket.1_default_tfstate";
const config = {
  accountId: "1",
  bucket: "tfstate",
  backupBucket: "tfstate-backup",
  token: { tokenName: "tfstate" },
  worker: { workerName: "tfstate" },
} as BootstrapConfig;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cut-off-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface InAccount {
  readonly tokens?: readonly AccountToken[];
  readonly workers?: readonly string[];
  readonly buckets?: readonly string[];
}

/** An account with all this. */
function cutOff({ tokens = [], workers = [], buckets = [] }: InAccount) {
  const deleted: string[] = [];
  const workplace = new Workplace(join(folder, "work"));
  const account: Pick<Account, "hasBucket" | "workers" | "tokens" | "deleteToken"> = {
    hasBucket: async (name) => buckets.includes(name),
    workers: async () => workers,
    tokens: async () => tokens,
    deleteToken: async (id) => {
      deleted.push(id);
    },
  };
  return { deleted, workplace, cutOff: new CutOff(config, account as Account, workplace) };
}

const token = (id: string, issuedOn?: string, resources = [BUCKET]) => ({ id, issuedOn, resources });
const resource = (type: string, name: string, values = {}): ShownResource => ({
  address: `${type}.${name}`,
  type,
  mode: "managed",
  values,
});
const STATE_BUCKET = resource("cloudflare_r2_bucket", "state");
const WORKER = resource("cloudflare_workers_script", "tfstate", { script_name: "tfstate" });
const FIRST = { at: AT, buckets: [], tokens: [], workers: [] };

const TOKENS: readonly AccountToken[] = [
  token("own", "2026-03-01T12:10:00Z"),
  token("from before", "2026-03-01T12:00:00Z"),
  token("lost", "2026-03-01T12:09:00Z"),
  token("lost, by a clock that is slow", "2026-03-01T11:56:00Z"),
  token("of somebody else", "2026-03-01T11:54:00Z"),
  token("of an unknown time"),
  token("of another bucket", "2026-03-01T12:09:00Z", [`${BUCKET}-of-another`]),
  token("of two buckets", "2026-03-01T12:09:00Z", [BUCKET, `${BUCKET}-of-another`]),
  token("of nothing that is known", "2026-03-01T12:09:00Z", []),
  token("lost by the second apply", "2026-03-01T14:00:00Z"),
  token("after an apply that has failed", "2026-03-01T13:00:00Z"),
];

test("of the tokens, only those go that an apply from here may have made", async () => {
  const made = cutOff({ tokens: TOKENS });
  const applies = [{ from: AT, to: "2026-03-01T12:10:00.000Z" }, { from: "2026-03-01T13:50:00.000Z" }];
  made.workplace.noteBefore({ at: AT, buckets: [], tokens: ["from before"], applies });
  await made.cutOff.settle("own");
  expect(made.deleted).toEqual(["lost", "lost, by a clock that is slow", "lost by the second apply"]);
  expect(made.workplace.before()).toBeUndefined();
});

test("a power cut is no end: it was over when the next apply began", async () => {
  const made = cutOff({ tokens: TOKENS });
  const [from, next, to] = [AT, "2026-03-01T13:10:00.000Z", "2026-03-01T13:11:00.000Z"];
  made.workplace.noteBefore({
    buckets: [],
    tokens: ["from before"],
    applies: [{ from }, { from: next, to }],
  });
  await made.cutOff.settle("own");
  expect(made.deleted).toEqual(["lost", "lost, by a clock that is slow", "after an apply that has failed"]);
});

test("a note of an older version says no time: nothing goes", async () => {
  const made = cutOff({ tokens: TOKENS });
  made.workplace.noteBefore({ buckets: [], tokens: ["from before"] });
  await made.cutOff.settle("own");
  expect(made.deleted).toEqual([]);
});

test("what was there is noted with the time, once, and each apply with its own", async () => {
  jest.useFakeTimers({ now: Date.parse(AT), doNotFake: ["nextTick", "setImmediate"] });
  const made = cutOff({ tokens: [token("from before")], workers: ["other"], buckets: ["tfstate"] });
  await made.cutOff.note();
  jest.setSystemTime(Date.parse(AT) + 1_000);
  made.cutOff.noteEnd();
  jest.setSystemTime(Date.parse(AT) + 60_000);
  await made.cutOff.note();
  jest.useRealTimers();
  expect(made.workplace.before()).toEqual({
    at: AT,
    buckets: ["tfstate"],
    tokens: ["from before"],
    workers: ["other"],
    applies: [{ from: AT, to: "2026-03-01T12:00:01.000Z" }, { from: "2026-03-01T12:01:00.000Z" }],
  });
});

describe("a Worker that has the name already", () => {
  const made = () => cutOff({ workers: ["other", "tfstate"] });

  test("is in the state: it is an update", async () => {
    await made().cutOff.refuseToReplace([STATE_BUCKET, WORKER]);
  });

  test("is not in the state, or the state's Worker has another name: it is not replaced", async () => {
    const refusal =
      "there is a Worker tfstate in account 1, and the state, with the bucket tfstate, does not know it";
    await expect(made().cutOff.refuseToReplace([])).rejects.toThrow(refusal);
    const renamed = resource("cloudflare_workers_script", "tfstate", { script_name: "states" });
    await expect(made().cutOff.refuseToReplace([STATE_BUCKET, renamed])).rejects.toThrow(refusal);
  });

  test.each([
    ["was there before", { ...FIRST, workers: ["tfstate"] }],
    ["was not looked for before", { ...FIRST, workers: undefined }],
  ])("%s an apply that was cut off: it is not replaced", async (_, before) => {
    const { cutOff, workplace } = made();
    workplace.noteBefore(before);
    await expect(cutOff.refuseToReplace([STATE_BUCKET])).rejects.toThrow("does not know it");
  });

  test("was made by an apply that was cut off: it is", async () => {
    const { cutOff, workplace } = made();
    workplace.noteBefore(FIRST);
    await cutOff.refuseToReplace([STATE_BUCKET]);
  });
});

describe("after an apply that was cut off", () => {
  const buckets = ["tfstate", "tfstate-backup"];
  const [ours, backup] = ["cloudflare_r2_bucket.state", "cloudflare_r2_bucket.backup"];
  const imports = { [ours]: "1/tfstate/default", [backup]: "1/tfstate-backup/default" };
  const begin = (there: InAccount, before: Before = FIRST) => {
    const made = cutOff({ buckets, ...there });
    made.workplace.noteBefore(before);
    return made.cutOff;
  };

  test("its buckets are taken over", async () => {
    expect(await begin({}).imports([])).toEqual(imports);
    expect(await begin({ workers: ["other"] }).imports([])).toEqual(imports);
    expect(await begin({}, { ...FIRST, buckets: ["tfstate"] }).imports([])).toEqual({
      [backup]: imports[backup],
    });
  });

  test.each<[string, InAccount]>([
    ["a Worker tfstate", { workers: ["tfstate"] }],
    ["a token tfstate (theirs)", { tokens: [token("theirs", AT)] }],
  ])("%s is there, and the bucket is not in the state: somebody else was there", async (what, there) => {
    await expect(begin(there).imports([])).rejects.toThrow(
      `someone else has bootstrapped account 1 since a run here was cut off: there is ${what}, and`,
    );
    expect(await begin(there).imports([STATE_BUCKET])).toEqual(imports);
  });

  test.each([
    ["cloudflare_r2_bucket.state: Creation complete after 1s [id=tfstate]", true],
    ["cloudflare_r2_bucket.state: Import complete [id=1/tfstate/default]", true],
    ["cloudflare_r2_bucket.state: Creating...", false],
    ["cloudflare_r2_bucket.backup: Creation complete after 1s [id=tfstate-backup]", false],
  ])("OpenTofu has said %s: whether the bucket is its own is %s", async (line, isOwn) => {
    const said: string[] = [];
    const cutOff = begin({ workers: ["tfstate"] });
    cutOff.watch((line) => said.push(line))(line);
    const taken = cutOff.imports([]);
    await (isOwn ? expect(taken).resolves.toEqual(imports) : expect(taken).rejects.toThrow("someone else"));
    expect(said).toEqual([line]);
  });

  test("a token from before, or of another bucket, says nothing", async () => {
    const tokens = [token("before", AT), token("other", AT, [`${BUCKET}-of-another`])];
    expect(await begin({ tokens }, { ...FIRST, tokens: ["before"] }).imports([])).toEqual(imports);
  });
});
