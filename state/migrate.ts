import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../config";
import { movableStacks, type StackName } from "../config/state-location";
import { Journal, type JournalEntry } from "./journal";
import { newArrival, newFreeze } from "./lock-info";
import { Move } from "./move";
import { StateError } from "./problem";
import { type Setting, stackFolder, storeOf } from "./setting";
import type { StateStore } from "./store";
import { fileWithState, switchBackend, withBackend } from "./switch-backend";

export interface MigrationStep {
  readonly title: string;
  /** @returns what was done, for people */
  run(): Promise<string>;
}

type OpenStore = (stack: StackName, backend: StateBackend) => StateStore;

/**
 * All states of a cluster on their way to another backend. It is journaled: cut off at any point, the next run goes
 * on from there, or back.
 */
export class Migration {
  private constructor(
    private readonly setting: Setting,
    private readonly journal: Journal,
    private entry: JournalEntry,
    private readonly moves: readonly Move[],
    private readonly isResumed: boolean,
  ) {}

  /** Runs `work` while no other migration runs in this folder; plan, resume, run and undo belong in it. */
  static alone<T>(setting: Setting, work: () => Promise<T>): Promise<T> {
    return new Journal(setting.files[0]).alone(work);
  }

  /**
   * The migration that was cut off, or a new one. Nothing is changed yet.
   * @param open gives the stores; tests put something in between
   * @throws StateError where it is not possible
   */
  static async plan(
    setting: Setting,
    to: StateBackend,
    open: OpenStore = (stack, backend) => storeOf(setting, stack, backend),
  ): Promise<Migration> {
    const journal = new Journal(setting.files[0]);
    const known = journal.read();
    if (known && known.to !== to) {
      throw new StateError(
        `a migration from ${known.from} to ${known.to} was cut off here`,
        `finish it with npm run state -- migrate --to ${known.to}, or go back with npm run state -- migrate --abort`,
      );
    }
    const entry = known ?? begin(setting, to, journal.subject, open);
    const migration = new Migration(setting, journal, entry, movesOf(entry, open), known !== undefined);
    if (!migration.isSwitched()) await migration.prepare();
    return migration;
  }

  /** The migration that was cut off. @throws StateError where there is none */
  static resume(setting: Setting, open: OpenStore = (stack, at) => storeOf(setting, stack, at)): Migration {
    const journal = new Journal(setting.files[0]);
    const entry = journal.read();
    if (!entry) throw new StateError("no migration was cut off here", "there is nothing to go back from");
    return new Migration(setting, journal, entry, movesOf(entry, open), true);
  }

  get from(): StateBackend {
    return this.entry.from;
  }

  get to(): StateBackend {
    return this.entry.to;
  }

  /** One line for each stack, before anything happens. */
  async describe(): Promise<readonly string[]> {
    const lines = this.isResumed ? ["goes on with the migration that was cut off"] : [];
    for (const { stack, from, to } of this.moves) {
      const none = (await from.read()) ? "" : " (no state yet)";
      lines.push(`${stack}: ${from.address} -> ${to.address}${none}`);
    }
    if (!this.setting.config.lock && [this.from, this.to].includes("r2")) {
      lines.push("state.lock is false: nothing keeps an apply out of r2 in the meantime");
    }
    return lines;
  }

  steps(): readonly MigrationStep[] {
    const open = { title: `open the states in ${this.to}`, run: () => this.open() };
    if (this.isSwitched()) return [open];
    // All of it again where a run was cut off: somebody may have opened or written a place since.
    return [
      { title: `freeze the states in ${this.from}, and their places in ${this.to}`, run: () => this.close() },
      { title: "compare both places", run: () => this.check() },
      { title: "copy, and read back", run: () => this.copy() },
      { title: `set state.backend to ${this.to}`, run: () => this.switch() },
      open,
    ];
  }

  /**
   * Runs everything; before the switch, a failure takes all of it back.
   * @param step shows a step and runs it
   */
  async run(step: (step: MigrationStep) => Promise<unknown> = (each) => each.run()): Promise<void> {
    this.recordLocks();
    for (const each of this.steps()) {
      try {
        await step(each);
      } catch (error) {
        throw await this.afterFailure(error);
      }
    }
  }

  /** Opens the old places again. @returns where the states are now. @throws StateError after the switch */
  async undo(): Promise<string> {
    if (this.isSwitched()) {
      throw new StateError(
        `${fileWithState(this.setting.files)} says ${this.to} already`,
        `finish with npm run state -- migrate --to ${this.to}, then npm run state -- migrate --to ${this.from}`,
      );
    }
    const { backend } = this.setting.config;
    if (backend !== this.from && backend !== this.to) {
      // Somebody has moved the states on from there.
      this.journal.remove();
      return `nothing was opened: the states are in ${backend}, and what is closed in ${this.from} and ${this.to} stays so`;
    }
    for (const move of this.moves) await move.undo(this.entry.phase === "copied");
    this.journal.remove();
    const missing: string[] = [];
    for (const move of this.moves) {
      const why = await move.missing();
      if (why) missing.push(why);
    }
    return missing.length === 0 ? `the states are in ${this.from}, as before` : missing.join("; ");
  }

  /** @returns what to throw */
  private async afterFailure(cause: unknown): Promise<unknown> {
    const reason = (each: unknown) => (each instanceof Error ? each.message : String(each));
    try {
      if (this.isSwitched()) return cause;
      return new StateError(reason(cause), `nothing has moved: ${await this.undo()}`);
    } catch (error) {
      return new StateError(
        `${reason(cause)}; and going back failed: ${reason(error)}`,
        "once that is mended, npm run state -- migrate --abort",
      );
    }
  }

  /** Finds out what cannot work while nothing has happened. */
  private async prepare(): Promise<void> {
    const { backend } = this.setting.config;
    const file = fileWithState(this.setting.files);
    if (backend !== this.from) {
      throw new StateError(
        `${file} says ${backend} now, and a migration from ${this.from} to ${this.to} was cut off here`,
        `take it back with npm run state -- migrate --abort, or say ${this.from} again to go on`,
      );
    }
    withBackend(readFileSync(file, "utf8"), this.to, file);
    for (const move of this.moves) await move.prepare();
  }

  private async close(): Promise<string> {
    for (const move of this.moves) await move.close();
    this.recordLocks();
    return "nobody can write either of them now";
  }

  private async check(): Promise<string> {
    for (const move of this.moves) await move.check();
    return "nothing in the target would be lost";
  }

  private async copy(): Promise<string> {
    const done: string[] = [];
    for (const move of this.moves) done.push(`${move.stack}: ${await move.copy()}`);
    this.record({ phase: "copied" });
    return done.join("\n");
  }

  private async switch(): Promise<string> {
    for (const move of this.moves) await move.verify();
    const file = fileWithState(this.setting.files);
    switchBackend(file, this.to);
    return file;
  }

  private async open(): Promise<string> {
    for (const move of this.moves) await move.prepareOpen();
    this.recordLocks();
    for (const move of this.moves) await move.open();
    for (const stack of movableStacks) forgetBackend(this.setting, stack);
    this.journal.remove();
    return `${this.from} stays as it was, frozen`;
  }

  private recordLocks(): void {
    const moves = this.moves.map(({ stack, from, to, locks }) => ({
      stack,
      places: { from: from.address, to: to.address },
      ...locks,
    }));
    this.record({ moves });
  }

  private record(change: Partial<JournalEntry>): void {
    this.entry = { ...this.entry, ...change };
    this.journal.write(this.entry);
  }

  /** The switch is the point of no return, and the file alone tells on which side of it we are. */
  private isSwitched(): boolean {
    if (this.entry.phase !== "copied") return false;
    const file = fileWithState(this.setting.files);
    const text = readFileSync(file, "utf8");
    return withBackend(text, this.to, file) === text;
  }
}

/**
 * Lets the next `tofu init` of a stack take the backend that is configured without asking: what it knows of the
 * old one is forgotten, as `init -reconfigure` does. Providers stay.
 */
export function forgetBackend(setting: Setting, stack: StackName): void {
  rmSync(join(stackFolder(setting, stack), ".terraform/terraform.tfstate"), { force: true });
}

function begin(setting: Setting, to: StateBackend, file: string, open: OpenStore): JournalEntry {
  const from = setting.config.backend;
  if (from === to) throw new StateError(`the states are in ${to} already`, "name another backend");
  if (setting.isExample) {
    throw new StateError(
      `${setting.files[0]} is the example`,
      "write a cluster.yaml of your own, or set CLUSTER_CONFIG",
    );
  }
  // Those without a state too: an apply may be about to write the first one.
  const moves = movableStacks.map((stack) => {
    const places = { from: open(stack, from).address, to: open(stack, to).address };
    return { stack, places, from: newFreeze(places.to), to: newArrival(places.from) };
  });
  return { file, from, to, phase: "begun", moves };
}

/** @throws StateError where the configuration names other places than the migration had */
function movesOf({ from, to, moves }: JournalEntry, open: OpenStore): Move[] {
  return moves.map(({ stack, places, ...locks }) => {
    const [source, target] = [open(stack, from), open(stack, to)];
    for (const [now, then] of [
      [source.address, places.from],
      [target.address, places.to],
    ]) {
      if (now === then) continue;
      throw new StateError(
        `the migration that was cut off here is about ${then}, and cluster.yaml names ${now}`,
        "set `state` back to what it was, and run it again",
      );
    }
    return new Move(stack, source, target, locks);
  });
}
