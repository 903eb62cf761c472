import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type StackName, stackNames } from "../config/state-location";
import { STATE_BACKENDS } from "../domain/state";
import { StateError } from "./errors";
import { parseJson } from "./parse-json";
import { type Snapshot, sha256, snapshot } from "./snapshot";
import type { StackStore } from "./stack-store";

const manifest = z.object({
  createdAt: z.string(),
  states: z.array(
    z.object({
      stack: z.enum(stackNames),
      file: z.string().regex(/^[\w.-]+$/),
      backend: z.enum(STATE_BACKENDS),
      address: z.string(),
      serial: z.number(),
      lineage: z.string(),
      encrypted: z.boolean(),
      sha256: z.string(),
      size: z.number(),
    }),
  ),
});

const MANIFEST = "manifest.json";

export interface SavedState {
  readonly stack: StackName;
  readonly state: Snapshot;
}

/** Makes a folder for a new backup in `folder`, which nobody else has: `state-backup-20260131T120000Z`, or with `-2` for a second one. */
function makeBackupFolder(folder: string, now: Date): string {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, "");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let count = 1; ; count++) {
    const path = join(folder, `state-backup-${date}${count === 1 ? "" : `-${count}`}`);
    try {
      mkdirSync(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/**
 * Writes the states as they are kept, and a manifest, into a new folder.
 * @param parent where that folder is made
 * @returns one line for each state, for people
 * @throws StateError where none of them exists
 */
export async function backUp(
  stores: readonly StackStore[],
  parent: string,
  now: Date,
): Promise<readonly string[]> {
  const states: z.infer<typeof manifest>["states"] = [];
  const files: (readonly [string, Uint8Array])[] = [];
  for (const { stack, store } of stores) {
    const bytes = await store.read();
    if (!bytes) continue;
    const { serial, lineage, encrypted, sha256 } = snapshot(bytes, store.address);
    await store.keepVersion();
    const file = `${stack}.tfstate`;
    files.push([file, bytes]);
    const { backend, address } = store;
    states.push({
      stack,
      file,
      backend,
      address,
      serial,
      lineage,
      encrypted,
      sha256,
      size: bytes.byteLength,
    });
  }
  if (states.length === 0) {
    throw new StateError("there is no state to save", "npm run state -- list shows what there is");
  }
  const folder = makeBackupFolder(parent, now);
  for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes, { mode: 0o600, flush: true });
  // The manifest is the last file: a folder without one is an interrupted backup.
  const text = JSON.stringify({ createdAt: now.toISOString(), states }, null, 2);
  writeFileSync(join(folder, MANIFEST), `${text}\n`, { mode: 0o600, flush: true });
  return states.map(({ stack, serial, file }) => `${stack}: serial ${serial} in ${join(folder, file)}`);
}

/**
 * The states of a backup, each checked against the manifest.
 * @throws StateError where the backup is incomplete or damaged
 */
export function readBackup(folder: string): readonly SavedState[] {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) {
    throw new StateError(
      `${folder} has no ${MANIFEST}`,
      "name a folder that npm run state -- backup has completed",
    );
  }
  const { states } = parseJson(readFileSync(path, "utf8"), manifest, path, "name another backup");
  return states.map(({ stack, file, sha256: expected }) => {
    const bytes = readFileSync(join(folder, file));
    if (sha256(bytes) !== expected) {
      throw new StateError(
        `${join(folder, file)} has changed since the backup: its sha256 is not the one in ${MANIFEST}`,
        "use another backup",
      );
    }
    return { stack, state: snapshot(bytes, join(folder, file)) };
  });
}
