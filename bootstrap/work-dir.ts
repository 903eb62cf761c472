import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../process/write-file-atomic";
import { versionName } from "../state/version-name";

/**
 * The folder in which a bootstrap works: the synthesized stack, logs, and encrypted copies of the state. It may be
 * deleted between two runs. It has no plain-text secrets. Still, only its owner can read it, because others could try
 * to guess the passphrase.
 */
export class WorkDir {
  readonly planFile: string;
  readonly synthesized: string;
  readonly logs: string;
  /** ID of the state's lock, while a run in this folder holds it. After a power cut, the next run continues with it. */
  readonly lockId: Note;
  /** The state bucket, between the two calls that make it or delete it, when it has no marker. */
  readonly unmarkedBucket: Note;
  private readonly backups: string;

  constructor(readonly root: string) {
    this.planFile = join(root, "bootstrap.tfplan");
    this.synthesized = join(root, "cdktf.out");
    this.logs = join(root, "logs");
    this.backups = join(root, "backups");
    this.lockId = new Note(join(root, "lock-id"));
    this.unmarkedBucket = new Note(join(root, "unmarked-bucket"));
    for (const folder of [this.logs, this.backups, this.synthesized])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(root, 0o700);
  }

  /** Stores an encrypted state under its date, serial and hash. @returns the path */
  keepCopy(state: Uint8Array): string {
    const path = join(this.backups, `bootstrap-${versionName(state)}.tfstate`);
    writeFileAtomic(path, state);
    return path;
  }

  /** Deletes the saved plan, after it was applied or if it is empty. */
  removePlan(): void {
    rmSync(this.planFile, { force: true });
  }
}

/** A short text in a file of its own. */
class Note {
  constructor(private readonly file: string) {}

  read(): string | undefined {
    return existsSync(this.file) ? readFileSync(this.file, "utf8") : undefined;
  }

  write(text: string): void {
    writeFileAtomic(this.file, text);
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }
}
