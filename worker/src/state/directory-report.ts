import type { StateRef } from "../../../domain/state-objects";
import type { StateReport } from "../directory/state-table";
import type { Ledger } from "./ledger/ledger";

/** The part of the Directory that receives reports. */
export interface ReportReceiver {
  report(ref: StateRef, report: StateReport): Promise<void>;
}

/** Tells the Directory what it does not know yet of one state. */
export class DirectoryReport {
  constructor(
    private readonly ledger: Ledger,
    private readonly directory: () => ReportReceiver,
  ) {}

  /** Whether the Directory has ever heard of this state. */
  get isKnown(): boolean {
    return this.ledger.get("reported") !== null;
  }

  /** Whether something has changed since the last report. */
  get isDue(): boolean {
    const [now, last] = [this.#now(), this.ledger.get("reported")];
    return now.lockedSince !== last?.lockedSince || now.conflict !== last.conflict;
  }

  /** Sends what has changed, if anything has. */
  async send(ref: StateRef): Promise<void> {
    if (!this.isDue) return;
    const report = this.#now();
    await this.directory().report(ref, report);
    this.ledger.set("reported", report);
  }

  #now(): StateReport {
    return {
      lockedSince: this.ledger.locks.holder()?.takenAt ?? null,
      conflict: this.ledger.get("conflict") !== null,
    };
  }
}
