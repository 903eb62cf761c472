import { readFileSync } from "node:fs";
import type { StateBackend } from "../config";
import { movableStacks, type StackName } from "../config/state-location";
import { StateError } from "./errors";
import { newArrival, newFreeze } from "./locks";
import { MigrationJournal, type MigrationRecord } from "./migration-journal";
import { Move } from "./move";
import type { Project } from "./project";
import { forgetBackend } from "./reconfigure";
import { openStackStore } from "./stack-store";
import type { StateStore } from "./store";
import { fileWithState, switchBackend, withBackend } from "./switch-backend";

export interface MigrationStep {
  readonly title: string;
  /** @returns what was done, for people */
  run(): Promise<string>;
}

/** Opens the store of a stack; a test may put something in between. */
type OpenStore = (stack: StackName, backend: StateBackend) => StateStore;

/**
 * Moves all states of a project to another backend. A journal keeps track: a migration that was interrupted at any point
 * can be continued or taken back by the next run.
 */
export class Migration {
  private constructor(
    private readonly project: Project,
    private readonly journal: MigrationJournal,
    private record: MigrationRecord,
    private readonly moves: readonly Move[],
    private readonly isResumed: boolean,
  ) {}

  /** Runs `work` while no other migration runs in this folder. Plan, resume, run and undo inside it. */
  static runExclusive<T>(project: Project, work: () => Promise<T>): Promise<T> {
    return new MigrationJournal(project.files[0]).runExclusive(work);
  }

  /**
   * The migration that was interrupted, or a new one. Nothing is changed yet.
   * @throws StateError if it is not possible
   */
  static async plan(
    project: Project,
    to: StateBackend,
    open: OpenStore = (stack, backend) => openStackStore(project, stack, backend),
  ): Promise<Migration> {
    const journal = new MigrationJournal(project.files[0]);
    const known = journal.read();
    if (known && known.to !== to) {
      throw new StateError(
        `a migration from ${known.from} to ${known.to} was interrupted here`,
        `finish it with npm run state -- migrate --to ${known.to}, or take it back with npm run state -- migrate --abort`,
      );
    }
    const record = known ?? newRecord(project, to, journal.clusterFile, open);
    const migration = new Migration(project, journal, record, openMoves(record, open), known !== undefined);
    if (!migration.isSwitched()) await migration.prepare();
    return migration;
  }

  /** The migration that was interrupted. @throws StateError if there is none */
  static resume(project: Project): Migration {
    const journal = new MigrationJournal(project.files[0]);
    const record = journal.read();
    if (!record) throw new StateError("no migration was interrupted here", "there is nothing to take back");
    const moves = openMoves(record, (stack, backend) => openStackStore(project, stack, backend));
    return new Migration(project, journal, record, moves, true);
  }

  get from(): StateBackend {
    return this.record.from;
  }

  get to(): StateBackend {
    return this.record.to;
  }

  /** One line for each stack, for the question whether to begin. */
  async describe(): Promise<readonly string[]> {
    const lines = this.isResumed ? ["continues the migration that was interrupted"] : [];
    for (const { stack, from, to } of this.moves) {
      const none = (await from.read()) ? "" : " (no state yet)";
      lines.push(`${stack}: ${from.address} -> ${to.address}${none}`);
    }
    if (!this.project.config.lock && [this.from, this.to].includes("r2")) {
      lines.push("state.lock is false: nothing keeps an apply out of r2 during the migration");
    }
    return lines;
  }

  steps(): readonly MigrationStep[] {
    const open = { title: `open the states in ${this.to}`, run: () => this.open() };
    if (this.isSwitched()) return [open];
    // After an interruption, all of them again: somebody may have opened or written a place since.
    return [
      { title: `freeze the states in ${this.from}, and their places in ${this.to}`, run: () => this.close() },
      { title: "compare both places", run: () => this.check() },
      { title: "copy the states, and read them back", run: () => this.copy() },
      { title: `set state.backend to ${this.to}`, run: () => this.switch() },
      open,
    ];
  }

  /**
   * Runs all steps. A failure before the switch takes all of them back.
   * @param step shows a step and runs it
   */
  async run(step: (step: MigrationStep) => Promise<unknown> = (each) => each.run()): Promise<void> {
    this.saveMoves();
    for (const each of this.steps()) {
      try {
        await step(each);
      } catch (error) {
        throw await this.afterFailure(error);
      }
    }
  }

  /** Takes the migration back. @returns where the states are now, for people. @throws StateError after the switch */
  async undo(): Promise<string> {
    if (this.isSwitched()) {
      throw new StateError(
        `${fileWithState(this.project.files)} says ${this.to} already`,
        `finish the migration with npm run state -- migrate --to ${this.to}, then npm run state -- migrate --to ${this.from}`,
      );
    }
    const { backend } = this.project.config;
    if (backend !== this.from && backend !== this.to) {
      // Somebody has moved the states to a third backend.
      this.journal.remove();
      return `nothing was opened: the states are in ${backend}, and what is frozen in ${this.from} and ${this.to} stays frozen`;
    }
    for (const move of this.moves) await move.undo(this.record.phase === "copied");
    this.journal.remove();
    const reasons: string[] = [];
    for (const move of this.moves) {
      const reason = await move.whyUnusable();
      if (reason) reasons.push(reason);
    }
    return reasons.length === 0 ? `the states are in ${this.from}, as before` : reasons.join("; ");
  }

  /** Takes the migration back after a failure before the switch. @returns what to throw */
  private async afterFailure(cause: unknown): Promise<unknown> {
    const reason = (each: unknown) => (each instanceof Error ? each.message : String(each));
    try {
      if (this.isSwitched()) return cause;
      return new StateError(reason(cause), `nothing has moved: ${await this.undo()}`);
    } catch (error) {
      return new StateError(
        `${reason(cause)}; and the migration could not be taken back: ${reason(error)}`,
        "fix that, then npm run state -- migrate --abort",
      );
    }
  }

  /** Finds what makes the migration impossible, while nothing has changed yet. */
  private async prepare(): Promise<void> {
    const { backend } = this.project.config;
    const file = fileWithState(this.project.files);
    if (backend !== this.from) {
      throw new StateError(
        `${file} says ${backend} now, and a migration from ${this.from} to ${this.to} was interrupted here`,
        `take it back with npm run state -- migrate --abort, or set state.backend to ${this.from} again and run it once more`,
      );
    }
    withBackend(readFileSync(file, "utf8"), this.to, file);
    for (const move of this.moves) await move.prepare();
  }

  private async close(): Promise<string> {
    for (const move of this.moves) await move.close();
    this.saveMoves();
    return "nobody can write in either backend now";
  }

  private async check(): Promise<string> {
    for (const move of this.moves) await move.check();
    return "nothing in the target would be lost";
  }

  private async copy(): Promise<string> {
    const copied: string[] = [];
    for (const move of this.moves) copied.push(`${move.stack}: ${await move.copy()}`);
    this.save({ phase: "copied" });
    return copied.join("\n");
  }

  private async switch(): Promise<string> {
    for (const move of this.moves) await move.requireFrozenAndEqual();
    const file = fileWithState(this.project.files);
    switchBackend(file, this.to);
    return file;
  }

  private async open(): Promise<string> {
    for (const move of this.moves) await move.prepareOpen();
    this.saveMoves();
    for (const move of this.moves) await move.open();
    for (const stack of movableStacks) forgetBackend(this.project, stack);
    this.journal.remove();
    return `what is in ${this.from} stays there, frozen`;
  }

  private saveMoves(): void {
    const moves = this.moves.map(({ stack, from, to, record }) => ({
      stack,
      addresses: { from: from.address, to: to.address },
      ...record,
    }));
    this.save({ moves });
  }

  private save(change: Partial<MigrationRecord>): void {
    this.record = { ...this.record, ...change };
    this.journal.write(this.record);
  }

  /** The switch is the point of no return. Only the cluster file tells whether it has happened. */
  private isSwitched(): boolean {
    if (this.record.phase !== "copied") return false;
    const file = fileWithState(this.project.files);
    const text = readFileSync(file, "utf8");
    return withBackend(text, this.to, file) === text;
  }
}

function newRecord(
  project: Project,
  to: StateBackend,
  clusterFile: string,
  open: OpenStore,
): MigrationRecord {
  const from = project.config.backend;
  if (from === to) throw new StateError(`the states are in ${to} already`, "name another backend");
  // Stacks without a state too: an apply may be about to write the first one.
  const moves = movableStacks.map((stack) => {
    const addresses = { from: open(stack, from).address, to: open(stack, to).address };
    const locks = { from: newFreeze(addresses.to), to: newArrival(addresses.from) };
    return { stack, addresses, locks };
  });
  return { clusterFile, from, to, phase: "begun", moves };
}

/** @throws StateError if the configuration has other addresses than when the migration began */
function openMoves({ from, to, moves }: MigrationRecord, open: OpenStore): Move[] {
  return moves.map(({ stack, addresses, ...record }) => {
    const [source, target] = [open(stack, from), open(stack, to)];
    for (const [now, then] of [
      [source.address, addresses.from],
      [target.address, addresses.to],
    ]) {
      if (now === then) continue;
      throw new StateError(
        `the migration that was interrupted here is about ${then}, and cluster.yaml names ${now}`,
        "set `state` back to what it was, and run it again",
      );
    }
    return new Move(stack, source, target, record);
  });
}
