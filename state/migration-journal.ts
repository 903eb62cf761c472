import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { z } from "zod";
import { stackNames } from "../config/state-location";
import { STATE_BACKENDS } from "../domain/state";
import { writeFileAtomic } from "../process/write-file-atomic";
import { StateError } from "./errors";
import { lockShape } from "./locks";
import { parseJson } from "./parse-json";

const backend = z.enum(STATE_BACKENDS);
const record = z.object({
  /** Name of the cluster file, which is beside the journal. */
  clusterFile: z.string(),
  from: backend,
  to: backend,
  /** `copied`: all states are in the target and verified. What is left is to switch, and to open the target. */
  phase: z.enum(["begun", "copied"]),
  moves: z.array(
    z.object({
      stack: z.enum(stackNames),
      addresses: z.object({ from: z.string(), to: z.string() }),
      locks: z.object({ from: lockShape, to: lockShape }),
      targetWasFrozen: z.boolean().optional(),
      targetSha256: z.string().optional(),
      copiedSha256: z.string().optional(),
    }),
  ),
});
export type MigrationRecord = z.infer<typeof record>;

/**
 * What a run of a migration leaves for the next one: where it was interrupted, and the locks that it holds. The file is
 * beside `cluster.yaml`, and holds no secret.
 */
export class MigrationJournal {
  private readonly file: string;
  /** Name of the cluster file. */
  readonly clusterFile: string;

  constructor(clusterFile: string) {
    this.file = join(dirname(clusterFile), ".state-migration.json");
    this.clusterFile = basename(clusterFile);
  }

  /**
   * @returns undefined if no migration was interrupted
   * @throws StateError if the journal is damaged, or is about another cluster file in the same folder
   */
  read(): MigrationRecord | undefined {
    if (!existsSync(this.file)) return undefined;
    const fix =
      "once npm run state -- list --at BACKEND shows for each backend that nothing is frozen, remove the file";
    const found = parseJson(readFileSync(this.file, "utf8"), record, this.file, fix);
    if (found.clusterFile === this.clusterFile) return found;
    throw new StateError(
      `a migration of ${found.clusterFile}, from ${found.from} to ${found.to}, was interrupted in this folder`,
      `finish it first: CLUSTER_CONFIG=${found.clusterFile} npm run state -- migrate --to ${found.to}`,
    );
  }

  write(value: MigrationRecord): void {
    writeFileAtomic(this.file, `${JSON.stringify(value, null, 2)}\n`, 0o666);
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }

  /**
   * Runs `work` while no other process does so in this folder. A process that was killed keeps nobody out.
   * @throws StateError if another process does
   */
  async runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const path = `${this.file}.lock`;
    const fd = openSync(path, "a");
    try {
      if (!tryLock(fd))
        throw new StateError("another migration runs in this folder", "wait until it has ended");
      // The file is never removed: two processes could then each lock a file of that name.
      return await work();
    } finally {
      closeSync(fd);
    }
  }
}
