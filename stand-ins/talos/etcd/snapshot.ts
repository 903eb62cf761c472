import { createHash } from "node:crypto";
import { encode } from "../protocol/definitions";
import { boltFile } from "./bolt";

/** The key that tells one database from another. Kubernetes has its own below `/registry`. */
const KEY = "/stand-in/database";
const STORAGE_VERSION = "3.6.0";
const CHECKSUM_BYTES = 32;

/** A snapshot of a database as etcd streams it: a file of bbolt, and its SHA-256. */
export function snapshotOf(database: string): Buffer {
  const revision = Buffer.alloc(17);
  revision.writeBigUInt64BE(1n);
  revision.write("_", 8);
  const keyValue = encode("mvccpb.KeyValue", {
    ...{ key: Buffer.from(KEY), value: Buffer.from(database) },
    ...{ createRevision: "1", modRevision: "1", version: "1" },
  });
  const index = Buffer.alloc(8, 0);
  index.writeBigUInt64BE(1n);
  const file = boltFile([
    ["key", [[revision, keyValue]]],
    [
      "meta",
      [
        [Buffer.from("consistent_index"), index],
        [Buffer.from("storageVersion"), Buffer.from(STORAGE_VERSION)],
        [Buffer.from("term"), index],
      ],
    ],
  ]);
  return Buffer.concat([file, createHash("sha256").update(file).digest()]);
}

/**
 * The database of a snapshot.
 * @throws where it is damaged, or no snapshot of this stand-in
 */
export function databaseOf(snapshot: Buffer, skipHashCheck: boolean): string {
  const hasChecksum = snapshot.length % 512 === CHECKSUM_BYTES;
  const file = hasChecksum ? snapshot.subarray(0, -CHECKSUM_BYTES) : snapshot;
  if (!skipHashCheck) {
    if (!hasChecksum) throw new Error("snapshot missing hash but --skip-hash-check=false");
    const expected = snapshot.subarray(-CHECKSUM_BYTES);
    const actual = createHash("sha256").update(file).digest();
    if (!actual.equals(expected)) {
      throw new Error(`expected sha256 [${[...expected].join(" ")}], got [${[...actual].join(" ")}]`);
    }
  }
  const [, database] =
    new RegExp(`${KEY}[^-]{0,32}?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})`).exec(
      file.toString("latin1"),
    ) ?? [];
  if (database === undefined) throw new Error("the snapshot is of no etcd of this stand-in");
  return database;
}
