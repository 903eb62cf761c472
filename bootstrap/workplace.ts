import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { displayPath } from "../process/display-path";
import { writeFileAtomic } from "../process/write-file-atomic";
import { readFreezeMarker } from "../state/freeze-marker";
import { type LockInfo, lockShape } from "../state/lock-info";
import { parseJson } from "../state/parse-json";
import { LockedError } from "../state/problem";
import { type Snapshot, snapshot, snapshotOrDamaged } from "../state/snapshot";
import { type Before, beforeShape } from "./cut-off";

/** The lock under which a state is moved, as it is noted before it is taken. */
export interface LockNote {
  readonly lock: LockInfo;
  /** What it locks; notes of older versions do not say it. */
  readonly place?: string;
  /** SHA-256 of the state that was taken from there to work on; undefined where none was. */
  readonly taken?: string;
}

const lockNoteShape: z.ZodType<LockNote> = lockShape
  .and(z.object({ place: z.string().optional(), taken: z.string().optional() }))
  .transform(({ place, taken, ...lock }) => ({ lock, place, taken }));

/**
 * The folder in which a bootstrap works. Nothing in it is in the clear: state and plan are encrypted. Nor is it for
 * anybody else's eyes: a passphrase can be guessed at.
 */
export class Workplace {
  readonly planFile: string;
  readonly synthesized: string;
  readonly logs: string;
  private readonly backups: string;
  private readonly lockFile: string;
  private readonly beforeFile: string;
  private readonly accountFile: string;

  /** @param stateFile not by OpenTofu's own name: `init` would take that for a state to move, and empty it */
  constructor(
    readonly root: string,
    readonly stateFile = join(root, "bootstrap.tfstate"),
  ) {
    this.planFile = join(root, "bootstrap.tfplan");
    this.synthesized = join(root, "cdktf.out");
    this.logs = join(root, "logs");
    this.backups = join(root, "backups");
    this.lockFile = join(root, "lock.json");
    this.beforeFile = join(root, "before-apply.json");
    this.accountFile = join(root, "account.txt");
    for (const folder of [this.logs, this.backups, this.synthesized])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    // What an older version has made, or OpenTofu.
    chmodSync(root, 0o700);
    for (const file of [this.stateFile, this.previousStateFile, this.planFile, ...this.statesSetAside()])
      if (existsSync(file)) chmodSync(file, 0o600);
  }

  /**
   * Says what this folder is for from now on.
   * @throws where a run for something else was cut off here: its state would be taken for this one's
   */
  bindTo(account: string): void {
    const bound = existsSync(this.accountFile) ? readFileSync(this.accountFile, "utf8") : account;
    // A state of the backend `local` has its place elsewhere, and stays there when all is done.
    const isStateLeft = dirname(this.stateFile) === this.root && this.state() !== undefined;
    const isPending = isStateLeft || this.lock() !== undefined || this.before() !== undefined;
    if (bound !== account && isPending) {
      throw new Error(
        `${displayPath(this.root)} has a run for ${bound} that was cut off, and this one is for ${account}; finish that one ` +
          "first, or use another --folder",
      );
    }
    writeFileAtomic(this.accountFile, account);
  }

  /**
   * The state that has not been moved yet.
   * @throws LockedError where it was migrated, and is kept elsewhere
   * @throws StateError where the file is no state
   */
  state(): Snapshot | undefined {
    if (!existsSync(this.stateFile)) return undefined;
    const bytes = readFileSync(this.stateFile);
    const moved = readFreezeMarker(bytes);
    if (moved) throw new LockedError(displayPath(this.stateFile), moved, "get the newest cluster.yaml");
    return bytes.byteLength === 0 ? undefined : snapshot(bytes, displayPath(this.stateFile));
  }

  /**
   * What OpenTofu kept of the state before it emptied the file to write it anew, and was cut off.
   * @throws StateError where that is no state either
   */
  stateBeforeCut(): { readonly file: string; readonly state: Snapshot } | undefined {
    const file = this.previousStateFile;
    const isEmpty = existsSync(this.stateFile) && readFileSync(this.stateFile).byteLength === 0;
    if (!isEmpty || !existsSync(file)) return undefined;
    return { file, state: snapshot(readFileSync(file), displayPath(file)) };
  }

  /**
   * The lock under which the state is moved, from this run or from one that was cut off.
   * @throws StateError where the note is damaged
   */
  lock(): LockNote | undefined {
    const fix =
      "remove it; npm run state -- list shows a lock that it leaves behind, and unlock removes that one";
    return readNote(this.lockFile, lockNoteShape, fix);
  }

  /** To be called before a lock is taken: whoever is cut off then can be told by it. */
  noteLock({ lock, place, taken }: LockNote): void {
    writeFileAtomic(this.lockFile, JSON.stringify({ ...lock, place, taken }));
  }

  forgetLock(): void {
    rmSync(this.lockFile, { force: true });
  }

  /**
   * What was there before an apply that did not come to its end.
   * @throws StateError where the note is damaged
   */
  before(): Before | undefined {
    const fix =
      "it notes what was in the account before an apply that was cut off: delete what that apply made and the state " +
      "does not know (a bucket, a token), or import it, then remove the file";
    return readNote(this.beforeFile, beforeShape, fix);
  }

  noteBefore(before: Before): void {
    writeFileAtomic(this.beforeFile, JSON.stringify(before));
  }

  forgetBefore(): void {
    rmSync(this.beforeFile, { force: true });
  }

  /** Sets the local state aside, as it is, under date, serial and hash. @returns where it is now */
  setStateAside(): string {
    const date = new Date().toISOString().replace(/[-:]/g, "");
    const state = snapshotOrDamaged(readFileSync(this.stateFile));
    const name = ["bootstrap", date, state && `s${state.serial}`, state?.sha256.slice(0, 8)];
    const backup = join(this.backups, `${name.filter(Boolean).join("-")}.tfstate`);
    renameSync(this.stateFile, backup);
    chmodSync(backup, 0o600);
    rmSync(this.previousStateFile, { force: true });
    return backup;
  }

  /** A plan that was carried out is of no use to anybody. */
  forgetPlan(): void {
    rmSync(this.planFile, { force: true });
  }

  /** Takes a state in, to work on it here. */
  takeStateIn(bytes: Uint8Array): void {
    writeFileAtomic(this.stateFile, bytes);
  }

  /** The states that were set aside, newest first. */
  statesSetAside(): readonly string[] {
    return readdirSync(this.backups)
      .filter((name) => name.endsWith(".tfstate"))
      .sort()
      .reverse()
      .map((name) => join(this.backups, name));
  }

  /** Where OpenTofu keeps the state as it was before its first write. */
  private get previousStateFile(): string {
    return `${this.stateFile}.backup`;
  }
}

function readNote<T>(file: string, shape: z.ZodType<T>, fix: string): T | undefined {
  return existsSync(file) ? parseJson(readFileSync(file, "utf8"), shape, displayPath(file), fix) : undefined;
}
