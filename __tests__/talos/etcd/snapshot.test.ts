import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../../state/snapshot";
import type { Cluster } from "../../../talos/cluster";
import { CallError } from "../../../talos/errors";
import { type SnapshotProps, snapshotTo } from "../../../talos/etcd/snapshot";
import type { TalosNode } from "../../../talos/node";
import { resolveTool } from "../../../toolchain";
import { ScriptedServer } from "../../state/support/scripted-server";
import { talosNode } from "../support/model-cluster";

/* With the real age, and control planes that give what they are told to. */

/** As long as a page and a checksum, with the number of bbolt. */
const DATABASE = Buffer.alloc(512 + 32);
DATABASE.writeUInt32LE(0xed_0c_da_ed, 16);

let folder: string;
let env: NodeJS.ProcessEnv;
let asked: string[];
let silent: string[];
let age: string;
let ageKeygen: string;

beforeAll(async () => {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  age = (await resolveTool("age", { report })).path;
  ageKeygen = (await resolveTool("age-keygen", { report })).path;
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "etcd-snapshot-"));
  env = { PATH: process.env.PATH, AGE: age };
  asked = [];
  silent = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nodes = ["cp-1", "cp-2"].map((name) => talosNode(name, "controlplane"));
const file = (name: string) => join(folder, name);

function take(props: Partial<SnapshotProps> = {}) {
  const talosctl = {
    run: async ({ name }: TalosNode, args: readonly string[]) => {
      asked.push(name);
      if (silent.includes(name)) throw new CallError(name, "etcd snapshot", "no leader");
      writeFileSync(args[2] ?? "", DATABASE);
      return "";
    },
  };
  const config = { clusterName: "lab", state: {} };
  const cluster = {
    nodes,
    talosctl,
    config,
    env,
    signal: new AbortController().signal,
    report: () => undefined,
  };
  return snapshotTo(cluster as unknown as Cluster, {
    destination: { file: file("etcd.snapshot") },
    recipients: [],
    files: [],
    allowUnencrypted: false,
    now: new Date("2026-11-28T12:00:00Z"),
    ...props,
  });
}

/** A key of age. @returns the public one; the private one is in the file `key` */
function newKey(): string {
  execFileSync(ageKeygen, ["-o", file("key")], { stdio: "ignore" });
  return execFileSync(ageKeygen, ["-y", file("key")], { encoding: "utf8" }).trim();
}

test("into a file that only this user can read, and never over another one", async () => {
  expect(await take()).toEqual({
    where: file("etcd.snapshot"),
    bytes: 544,
    encrypted: false,
    node: "cp-1",
  });
  expect((statSync(file("etcd.snapshot")).mode & 0o777).toString(8)).toBe("600");
  await expect(take()).rejects.toThrow(/etcd\.snapshot exists, and a snapshot is never replaced/);
  expect(asked).toEqual(["cp-1"]);
});

test("of the next control plane where the first one gives none", async () => {
  silent = ["cp-1"];
  expect(await take()).toMatchObject({ node: "cp-2" });
  silent = ["cp-1", "cp-2"];
  await expect(take({ destination: { file: file("other") } })).rejects.toThrow(
    /no control plane gave a snapshot of etcd:\ncp-1: .*no leader\ncp-2: .*no leader/,
  );
});

test("encrypted for a key, by option and by file", async () => {
  const key = newKey();
  writeFileSync(file("recipients"), `# who may read it\n${key}\n`);
  for (const [name, to] of Object.entries({
    a: { recipients: [key] },
    b: { files: [file("recipients")] },
  })) {
    expect(await take({ destination: { file: file(name) }, ...to })).toMatchObject({ encrypted: true });
    expect(readFileSync(file(name), "latin1")).toMatch(/^age-encryption\.org\/v1\n/);
    expect(execFileSync(age, ["--decrypt", "-i", file("key"), file(name)])).toEqual(DATABASE);
    expect((statSync(file(name)).mode & 0o777).toString(8)).toBe("600");
  }
});

test("not at all where age refuses the key, or there is none", async () => {
  await expect(take({ recipients: ["age1nonsense"] })).rejects.toThrow(
    /age did not encrypt the snapshot: .*age1nonsense/s,
  );
  env = { ...env, AGE: file("no-age") };
  await expect(take({ recipients: [newKey()] })).rejects.toThrow(/^AGE is ".*no-age".*unset it/);
});

describe("to R2", () => {
  let server: ScriptedServer;
  let puts: { readonly url?: string; readonly body: string; readonly sha256: unknown }[];
  beforeEach(async () => {
    server = await ScriptedServer.start();
    puts = [];
    server.answer = (response, request, body) => {
      puts.push({ url: request.url, body, sha256: request.headers["x-amz-content-sha256"] });
      response.writeHead(puts.length === 1 ? 200 : 412).end();
    };
    env = {
      ...env,
      AWS_ENDPOINT_URL_S3: server.url,
      AWS_ACCESS_KEY_ID: "a".repeat(32),
      AWS_SECRET_ACCESS_KEY: "1".repeat(64),
    };
  });
  afterEach(() => server.stop());

  test("encrypted, under a name with the time, and never over another one", async () => {
    const recipients = [newKey()];
    const key = "backups/etcd/lab/etcd-lab-20261128T120000Z.snapshot.age";
    const taken = await take({ destination: { r2: "backups/etcd/lab" }, recipients });
    expect(taken).toMatchObject({ where: `r2 ${key}`, encrypted: true });
    expect(puts).toMatchObject([{ url: `/${key}`, body: expect.stringMatching(/^age-encryption\.org/) }]);
    await expect(take({ destination: { r2: "backups/etcd/lab" }, recipients })).rejects.toThrow(
      "never replaced",
    );
  });

  test("in plain text only where that was said", async () => {
    const destination = { r2: "backups" };
    await expect(take({ destination })).rejects.toThrow(/--recipient age1…, or pass --allow-unencrypted/);
    expect({ asked, puts }).toEqual({ asked: [], puts: [] });
    await take({ destination, allowUnencrypted: true });
    expect(puts[0]?.sha256).toBe(sha256(DATABASE));
  });
});
