import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotOf } from "../../../stand-ins/talos/etcd/snapshot";
import { requireSnapshot } from "../../../talos/etcd/snapshot-file";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "snapshot-file-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function check(content: string | Uint8Array, skipHashCheck = false): () => void {
  const path = join(folder, "file");
  writeFileSync(path, content);
  return () => requireSnapshot(path, { skipHashCheck });
}

const snapshot = snapshotOf("a database");
const withoutChecksum = snapshot.subarray(0, -32);

test("a snapshot is taken as it is", () => {
  expect(check(snapshot)).not.toThrow();
});

test("a copy of a database has no checksum, which has to be said", () => {
  expect(check(withoutChecksum)).toThrow(/no checksum at its end.*--skip-hash-check/);
  expect(check(withoutChecksum, true)).not.toThrow();
  expect(check(snapshot.subarray(0, -100))).toThrow(/cut off/);
});

test("a byte that is not as it was is found before any data is wiped for it", () => {
  const damaged = Buffer.from(snapshot);
  damaged.writeUInt8(damaged.readUInt8(2000) ^ 1, 2000);
  expect(check(damaged)).toThrow(/is damaged: its checksum is not that at its end.*another snapshot/);
  expect(check(damaged, true)).not.toThrow();
});

test.each([
  ["age-encryption.org/v1\n-> X25519", /is encrypted with age; decrypt it first/],
  ["-----BEGIN AGE ENCRYPTED FILE-----\n", /is encrypted with age/],
  ["kind: Config, but long enough to have a magic number\n", /is no snapshot of etcd/],
  ["", /is no snapshot of etcd/],
])("what is none is refused: %j", (content, reason) => {
  expect(check(content, true)).toThrow(reason);
});

test("a file that is not there is refused", () => {
  expect(() => requireSnapshot(join(folder, "none"), { skipHashCheck: false })).toThrow(
    /cannot be read: ENOENT/,
  );
});
