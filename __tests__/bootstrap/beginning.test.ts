import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findState } from "../../bootstrap/beginning";
import type { BootstrapProps } from "../../bootstrap/bootstrap";
import { Workplace } from "../../bootstrap/workplace";
import { newLock } from "../../state/lock-info";
import type { R2Client } from "../../state/r2-client";
import { encryptedOf } from "../state/support/project";
import { TestAccount } from "./support/account";

const KEY = "proxmox/terraform-bootstrap.tfstate";
const AT_WORKER = "anna/proxmox-bootstrap.tfstate";
const FIRST = { at: "2026-01-01T00:00:00.000Z", buckets: [], tokens: [] };
const UPDATE = { ...FIRST, buckets: ["tfstate", "tfstate-backup"] };
const SILENT = () => undefined;
const { signal } = new AbortController();

let account: TestAccount;
let keyPair: Readonly<Record<string, string>>;
let bucket: R2Client;
let workplace: Workplace;
let folder: string;
beforeAll(async () => {
  account = await TestAccount.start();
  keyPair = await account.keyPair();
  bucket = await account.objects("tfstate");
});
afterAll(() => account.stop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "beginning-"));
  workplace = new Workplace(join(folder, "work"));
  await account.call("POST", "/r2/buckets", { name: "tfstate" });
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  for (const { key } of await bucket.list("")) await bucket.delete(key);
});

const keep = (bytes: Uint8Array, key = KEY) => bucket.put(key, bytes, "absent");

/** Where a run begins, on a machine that has the credentials of what is kept, unless it is said otherwise. */
function begin(env: Readonly<Record<string, string>> = keyPair, name = "tfstate") {
  const setting = {
    bootstrap: { accountId: account.cloudflare.accountId, bucket: name, backupBucket: `${name}-backup` },
    state: { backend: "r2" },
    place: { backend: "r2", bucket: name, key: KEY },
    env: { ...account.env, ...env },
  };
  return findState({ setting, workplace, signal } as unknown as BootstrapProps, SILENT, SILENT);
}

/** The same with the backend `local`: the state is in a file outside of the folder, and stays there. */
function beginLocal(name = "tfstate", bootstrap: object = {}) {
  workplace = new Workplace(join(folder, "work"), join(folder, "terraform-bootstrap.tfstate"));
  const { accountId } = account.cloudflare;
  const setting = {
    bootstrap: { accountId, bucket: name, backupBucket: `${name}-backup`, ...bootstrap },
    state: { backend: "local" },
    stateFile: workplace.stateFile,
    env: account.env,
  };
  return findState({ setting, workplace, signal } as unknown as BootstrapProps, SILENT, SILENT);
}

describe("with the backend local", () => {
  const stateFile = () => join(folder, "terraform-bootstrap.tfstate");

  test("it starts where there is nothing, and goes on from its file", async () => {
    expect(await beginLocal("elsewhere")).toEqual({ at: "nowhere" });
    writeFileSync(stateFile(), encryptedOf(1));
    expect(await beginLocal()).toEqual({ at: "here" });
  });

  test("a bucket without a state here is not made once more", async () => {
    await expect(beginLocal()).rejects.toThrow(
      /the bucket tfstate exists, and .*terraform-bootstrap\.tfstate has no state of the bootstrap stack/,
    );
  });

  test("a note explains the bucket, unless somebody else has a state there", async () => {
    workplace.noteBefore(FIRST);
    expect(await beginLocal()).toEqual({ at: "nowhere" });
    await keep(encryptedOf(4, { lineage: "of-another" }), AT_WORKER);
    await expect(beginLocal()).rejects.toThrow("someone else has bootstrapped");
    writeFileSync(stateFile(), encryptedOf(1));
    await expect(beginLocal()).rejects.toThrow("someone else has bootstrapped");
  });

  test("a note of another bucket, or of another jurisdiction, is not gone on from", async () => {
    await beginLocal("elsewhere");
    workplace.noteBefore(FIRST);
    await expect(beginLocal()).rejects.toThrow(
      /work has a run for the bucket elsewhere of account .* cut off/,
    );
    await expect(beginLocal("elsewhere", { jurisdiction: "eu" })).rejects.toThrow(
      "this one is for the bucket elsewhere in jurisdiction eu of account",
    );
  });

  test("the folder may be used for another cluster whose state is where it belongs", async () => {
    await beginLocal("elsewhere");
    writeFileSync(stateFile(), encryptedOf(1));
    expect(await beginLocal()).toEqual({ at: "here" });
  });
});

describe("the first apply was cut off", () => {
  beforeEach(() => workplace.noteBefore(FIRST));

  test("nobody has a state there: the buckets are its own work", async () => {
    await keep(encryptedOf(1), "proxmox/terraform.tfstate");
    expect(await begin({})).toEqual({ at: "nowhere" });
    workplace.takeStateIn(encryptedOf(2));
    expect(await begin({})).toEqual({ at: "here" });
  });

  // Neither backend nor user name of the other need be known.
  test.each([KEY, AT_WORKER])(
    "somebody else has a state there, at %s: nothing is theirs to take",
    async (key) => {
      await keep(encryptedOf(4, { lineage: "of-another" }), key);
      const refusal = `someone else has bootstrapped this account since a run here was cut off: ${key} in the bucket`;
      await expect(begin({})).rejects.toThrow(refusal);
      workplace.takeStateIn(encryptedOf(2));
      await expect(begin({})).rejects.toThrow(
        /has serial 4, lineage of-anoth…, .* has serial 2, .* set the folder aside \(mv (.*) \1\.aside\)/s,
      );
      expect(workplace.state()?.serial).toBe(2);
    },
  );
});

describe("an update was cut off in its apply", () => {
  beforeEach(() => {
    workplace.noteBefore(UPDATE);
    workplace.noteLock({ lock: newLock("bootstrap") });
  });

  test("its state counts, whatever other clusters have there", async () => {
    await keep(encryptedOf(4));
    await keep(encryptedOf(9, { lineage: "of-another" }), "me/lab-bootstrap.tfstate");
    workplace.takeStateIn(encryptedOf(5));
    expect(await begin({})).toEqual({ at: "here" });
  });

  test("somebody broke the lock and wrote: that is said before anything is planned", async () => {
    await keep(encryptedOf(6));
    workplace.takeStateIn(encryptedOf(5));
    await expect(begin({})).rejects.toThrow("someone else has bootstrapped");
  });

  test.each(["gone", "empty"])("its state is %s: the one that is kept is taken again", async (what) => {
    await keep(encryptedOf(4));
    if (what === "empty") writeFileSync(workplace.stateFile, "");
    expect(await begin()).toMatchObject({ at: "kept", state: encryptedOf(4) });
  });

  test("its state is gone, and nothing is kept: nothing is made once more", async () => {
    await expect(begin()).rejects.toThrow("has no state of the bootstrap stack");
  });

  test("its state is gone, and so are the buckets: nothing is made once more", async () => {
    await expect(begin(keyPair, "elsewhere")).rejects.toThrow(
      "bootstrap.tfstate is gone or empty, and an apply",
    );
  });

  test("its state is empty, and OpenTofu's copy is newer than what is kept: it is named", async () => {
    await keep(encryptedOf(4));
    writeFileSync(workplace.stateFile, "");
    writeFileSync(`${workplace.stateFile}.backup`, encryptedOf(5));
    await expect(begin()).rejects.toThrow(
      /bootstrap\.tfstate is empty: a write was cut off; .*bootstrap\.tfstate\.backup is the state before it, serial 5, .*; copy it back \(cp /,
    );
    writeFileSync(`${workplace.stateFile}.backup`, encryptedOf(4));
    expect(await begin()).toMatchObject({ at: "kept" });
  });
});

test("a first state that a cut write has emptied is not begun anew beside OpenTofu's copy", async () => {
  workplace.noteBefore(FIRST);
  writeFileSync(workplace.stateFile, "");
  expect(await begin()).toEqual({ at: "nowhere" });
  writeFileSync(`${workplace.stateFile}.backup`, encryptedOf(1));
  await expect(begin()).rejects.toThrow("bootstrap.tfstate is empty");
});

describe("a run was cut off with the lock, before its apply or after it", () => {
  const local = encryptedOf(5);
  beforeEach(() => {
    workplace.noteLock({ lock: newLock("bootstrap") });
    workplace.takeStateIn(local);
  });

  test("nothing is kept yet, or what came before: the state here counts", async () => {
    expect(await begin({})).toEqual({ at: "here" });
    await keep(encryptedOf(4));
    expect(await begin({})).toEqual({ at: "here" });
  });

  test("another cluster's state beside it is none of its concern: the Worker need not answer", async () => {
    await keep(encryptedOf(4));
    await keep(encryptedOf(9, { lineage: "of-another" }), "anna/lab-bootstrap.tfstate");
    expect(await begin({})).toEqual({ at: "here" });
  });

  test("the same is kept: it counts", async () => {
    await keep(local);
    expect(await begin()).toMatchObject({ at: "kept", state: local });
    expect(workplace.state()?.bytes).toEqual(local);
  });

  test.each([
    ["a newer one", encryptedOf(6)],
    ["another one of the same serial", encryptedOf(5, { content: "y" })],
    ["one of another lineage", encryptedOf(1, { lineage: "of-another" })],
  ])("somebody broke the lock and wrote %s: it counts, and the one here is set aside", async (_, kept) => {
    await keep(kept);
    const beginning = await begin();
    expect(beginning).toMatchObject({ at: "kept", state: kept });
    const [aside] = workplace.statesSetAside();
    expect(beginning).toMatchObject({ setAside: aside });
    expect(readFileSync(`${aside}`)).toEqual(local);
    expect(workplace.state()).toBeUndefined();
  });

  test("what is kept cannot be read: that is the error, and the state here stays", async () => {
    await keep(encryptedOf(6));
    await expect(begin({ ...keyPair, AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" })).rejects.toThrow(
      "127.0.0.1:1",
    );
    expect(workplace.state()?.sha256).toBeDefined();
    expect(readdirSync(join(workplace.root, "backups"))).toEqual([]);
  });

  test("a destroy came to its end, and its buckets are gone: the state here counts", async () => {
    expect(await begin({}, "elsewhere")).toEqual({ at: "here" });
  });
});
