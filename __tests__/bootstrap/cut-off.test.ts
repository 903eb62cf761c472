import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account, AccountToken } from "../../bootstrap/account";
import { CutOff } from "../../bootstrap/cut-off";
import { Workplace } from "../../bootstrap/workplace";
import type { BootstrapConfig } from "../../config";

const AT = "2026-03-01T12:00:00.000Z";
const config = { bucket: "tfstate", backupBucket: "tfstate-backup", token: { tokenName: "tfstate" } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cut-off-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An account with these tokens. */
function cutOff(tokens: readonly AccountToken[]) {
  const deleted: string[] = [];
  const workplace = new Workplace(join(folder, "work"));
  const account: Pick<Account, "hasBucket" | "tokens" | "deleteToken"> = {
    hasBucket: async () => false,
    tokens: async () => tokens,
    deleteToken: async (id) => {
      deleted.push(id);
    },
  };
  return {
    deleted,
    workplace,
    cutOff: new CutOff(config as BootstrapConfig, account as Account, workplace),
  };
}

const TOKENS: readonly AccountToken[] = [
  { id: "own", issuedOn: "2026-03-01T12:10:00Z" },
  { id: "from before", issuedOn: "2026-03-01T12:00:00Z" },
  { id: "lost", issuedOn: "2026-03-01T12:09:00Z" },
  { id: "lost, by a clock that is slow", issuedOn: "2026-03-01T11:56:00Z" },
  { id: "of somebody else", issuedOn: "2026-03-01T11:54:00Z" },
  { id: "of an unknown time" },
];

test("of the tokens, only those go that an apply from here may have made", async () => {
  const made = cutOff(TOKENS);
  made.workplace.noteBefore({ at: AT, buckets: [], tokens: ["from before"] });
  await made.cutOff.settle("own");
  expect(made.deleted).toEqual(["lost", "lost, by a clock that is slow"]);
  expect(made.workplace.before()).toBeUndefined();
});

test("a note of an older version says no time: nothing goes", async () => {
  const made = cutOff(TOKENS);
  made.workplace.noteBefore({ buckets: [], tokens: ["from before"] });
  await made.cutOff.settle("own");
  expect(made.deleted).toEqual([]);
});

test("what was there is noted with the time, once", async () => {
  jest.useFakeTimers({ now: Date.parse(AT), doNotFake: ["nextTick", "setImmediate"] });
  const made = cutOff([{ id: "from before" }]);
  await made.cutOff.note();
  jest.setSystemTime(Date.parse(AT) + 60_000);
  await made.cutOff.note();
  jest.useRealTimers();
  expect(made.workplace.before()).toEqual({ at: AT, buckets: [], tokens: ["from before"] });
});
