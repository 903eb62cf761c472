import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { z } from "zod";
import { stackNames } from "../config/state-location";
import { STATE_BACKENDS } from "../domain/state";
import { lockShape } from "./lock-info";
import { parseJson } from "./parse-json";
import { StateError } from "./problem";
import { writeFileAtomic } from "./write-file-atomic";

const backend = z.enum(STATE_BACKENDS);
const entry = z.object({
  /** Name of the cluster file, beside which the journal is. */
  file: z.string(),
  from: backend,
  to: backend,
  /** `copied`: everything is in the target, verified; what is left is to switch and to open it. */
  phase: z.enum(["begun", "copied"]),
  moves: z.array(
    z.object({
      stack: z.enum(stackNames),
      /** Addresses of both places. */
      places: z.object({ from: z.string(), to: z.string() }),
      from: lockShape,
      to: lockShape,
      adopted: z.boolean().optional(),
      before: z.string().optional(),
      copied: z.string().optional(),
    }),
  ),
});
export type JournalEntry = z.infer<typeof entry>;

/** What a migration that is cut off leaves for the next run, beside `cluster.yaml`. It holds no secret. */
export class Journal {
  private readonly file: string;
  /** Name of the cluster file that it is for. */
  readonly subject: string;

  constructor(clusterFile: string) {
    this.file = join(dirname(clusterFile), ".state-migration.json");
    this.subject = basename(clusterFile);
  }

  /** @throws StateError where it is damaged, or that of another cluster file in the same folder */
  read(): JournalEntry | undefined {
    if (!existsSync(this.file)) return undefined;
    const fix =
      "take it away once npm run state -- list --at each backend shows that nothing is frozen there";
    const found = parseJson(readFileSync(this.file, "utf8"), entry, this.file, fix);
    if (found.file === this.subject) return found;
    throw new StateError(
      `a migration of ${found.file}, from ${found.from} to ${found.to}, was cut off in this folder`,
      `finish it first: CLUSTER_CONFIG=${found.file} npm run state -- migrate --to ${found.to}`,
    );
  }

  write(value: JournalEntry): void {
    writeFileAtomic(this.file, `${JSON.stringify(value, null, 2)}\n`, 0o666);
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }

  /** Runs `work` while no other process does so here; a process that is killed keeps nobody out. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const path = `${this.file}.lock`;
    const fd = openSync(path, "a");
    try {
      if (!tryLock(fd)) throw new StateError("another migration runs in this folder", "wait for its end");
      // The file stays: were it removed, two that come after could each lock one of its name.
      return await work();
    } finally {
      closeSync(fd);
    }
  }
}
