import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotOf } from "../../../stand-ins/talos/etcd/snapshot";
import { otherClusterIn, snapshotName, takeSnapshot } from "../../../talos/change/safety-snapshot";
import type { Cluster } from "../../../talos/cluster";
import { CallError } from "../../../talos/errors";
import type { TalosNode } from "../../../talos/node";
import { talosNodesOf } from "../support/model-cluster";

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "safety-snapshot-")), "etcd.snapshot");
});
afterEach(() => rmSync(join(path, ".."), { recursive: true, force: true }));

function take(
  given: Uint8Array,
  { silent = [], except }: { silent?: readonly string[]; except?: string } = {},
): Promise<string> {
  const talosctl = {
    run: async ({ name }: TalosNode, [, , to = ""]: readonly string[]) => {
      if (silent.includes(name)) throw new CallError(name, "etcd snapshot", "connection refused");
      writeFileSync(to, given);
    },
  };
  return takeSnapshot({ talosctl, nodes: talosNodesOf(5, 1) } as unknown as Cluster, path, except);
}

test("of two lost control planes, neither keeps the other from being replaced", async () => {
  const silent = ["cp-1", "cp-2"];
  expect(await take(snapshotOf("a database"), { silent, except: "cp-1" })).toBe("cp-3");
  rmSync(path);
  const all = ["cp-1", "cp-2", "cp-3", "cp-4", "cp-5"];
  await expect(take(snapshotOf("a database"), { silent: all, except: "cp-1" })).rejects.toThrow(
    /^no control plane gave a snapshot of etcd:\ncp-2: .*refused\ncp-3: /,
  );
  expect(existsSync(path)).toBe(false);
});

test("what etcd gives is kept, for this user alone", async () => {
  await take(snapshotOf("a database"));
  expect(readFileSync(path)).toEqual(snapshotOf("a database"));
  expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
});

test("what nothing could be restored from is no snapshot, and nothing is changed relying on it", async () => {
  const damaged = snapshotOf("a database").fill(1, 1000, 1010);
  await expect(take(damaged)).rejects.toThrow(/cp-1 gave no snapshot.*is damaged.*\ncp-2 /);
  await expect(take(Buffer.from("not etcd at all"))).rejects.toThrow(/cp-1 gave no snapshot.*is no snapshot/);
  expect(existsSync(path)).toBe(false);
});

test("a file that is there stays, and another name is asked for", async () => {
  writeFileSync(path, "mine");
  await expect(take(snapshotOf("a database"))).rejects.toThrow(
    `${path} exists, and a snapshot is never replaced; name another file`,
  );
  expect(readFileSync(path, "utf8")).toBe("mine");
});

test("a snapshot that is another cluster's by its name is told from one of this cluster, and from others", () => {
  const name = snapshotName("lab-2", new Date("2026-11-28T12:00:00Z"));
  expect(otherClusterIn(`/backups/${name}`, "lab-2")).toBeUndefined();
  expect(otherClusterIn(`/backups/${name}`, "lab")).toBe("lab-2");
  expect(otherClusterIn("before.snapshot", "lab")).toBeUndefined();
});
