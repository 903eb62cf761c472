import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotOf } from "../../../stand-ins/talos/etcd/snapshot";
import { otherClusterIn, snapshotName, takeSnapshot } from "../../../talos/change/safety-snapshot";
import type { Cluster } from "../../../talos/cluster";
import { talosNodesOf } from "../support/model-cluster";

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "safety-snapshot-")), "etcd.snapshot");
});
afterEach(() => rmSync(join(path, ".."), { recursive: true, force: true }));

function take(given: Uint8Array): Promise<void> {
  const talosctl = { run: async (_: unknown, [, , to = ""]: readonly string[]) => writeFileSync(to, given) };
  return takeSnapshot({ talosctl, nodes: talosNodesOf(3, 0) } as unknown as Cluster, path);
}

test("what etcd gives is kept, for this user alone", async () => {
  await take(snapshotOf("a database"));
  expect(readFileSync(path)).toEqual(snapshotOf("a database"));
  expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
});

test("what nothing could be restored from is no snapshot, and nothing is changed relying on it", async () => {
  const damaged = snapshotOf("a database").fill(1, 1000, 1010);
  await expect(take(damaged)).rejects.toThrow(/cp-1 gave no snapshot.*is damaged/);
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
