import { Refusal } from "../errors/refusal";
import { type Backup, isCopyOf } from "./backup";
import type { Caller } from "./caller";
import { whyEncrypted } from "./encryption";
import { breaches } from "./guard";
import type { History } from "./history";
import type { VersionRecord } from "./ledger/records";
import type { StateContext } from "./state-context";
import type { VersionParts } from "./version-parts";

/** A state's version after its copy was to be brought back. */
export interface RestoredCopy {
  readonly version: VersionRecord;
  /** False where the state had the content of the copy already. */
  readonly isNew: boolean;
}

/** Why a state needs no copy: it is whole, was deleted, or an admin has yet to choose between two versions of it. */
export type WhyNoCopy = "healthy" | "deleted" | "undecided";

/** Makes another version the current one, or none: restore, delete, restore from the backup. No body is changed. */
export class Pointer {
  constructor(
    private readonly context: StateContext,
    private readonly parts: VersionParts,
    private readonly history: History,
  ) {}

  /** DELETE: the pointer leads nowhere from now on; the versions stay. */
  async remove(caller: Caller, lockId: string | null): Promise<void> {
    const { ledger } = this.context;
    const { locks, current } = this.parts;
    locks.requireWriter(caller, lockId);
    await locks.requireS3Agreement();
    if (caller.admin) await this.#reconcileWherePossible();
    else await current.reconcile();
    ledger.atomically(() => {
      locks.requireWriter(caller, lockId);
      const pointer = ledger.get("pointer");
      if (pointer === null && ledger.get("conflict") === null) return;
      current.resolveConflict();
      ledger.moveTo(null);
      ledger.audit.append(caller.id, "delete", { version: pointer, lockId, origin: caller.origin });
    });
    await current.projectAfterCommit();
  }

  /** Moves the pointer to a version that is already there. */
  async restore(caller: Caller, id: string, lockId: string | null): Promise<VersionRecord> {
    const { ledger } = this.context;
    await this.#requireRestorer(caller, lockId);
    const version = this.history.find(id);
    await this.#reconcileWherePossible();
    const defect = await this.parts.objects.defect(version);
    if (defect) throw defect;
    if (ledger.get("pointer") === id && ledger.get("conflict") === null) return version;
    this.#point(caller, version, "restore", lockId);
    await this.parts.current.projectAfterCommit();
    return version;
  }

  /**
   * Makes the latest copy in the backup bucket current, where the state is missing or damaged.
   * @param isForced also where it is not
   * @throws Refusal if the state needs no copy and has other content than it
   */
  async restoreCopy(caller: Caller, backup: Backup, isForced: boolean): Promise<RestoredCopy> {
    const { ledger, ref } = this.context;
    await this.#requireRestorer(caller, null);
    const copy = await backup.latest();
    const reason = await this.#whyNoCopy();
    const current = ledger.current();
    if (reason === "healthy" && current && isCopyOf(copy, current)) return { version: current, isNew: false };
    if (reason !== null && !isForced) {
      const serial = copy.serial ?? ledger.versions.find(copy.version ?? "")?.serial ?? null;
      throw new Refusal({
        code: "copy_not_needed",
        ref,
        reason,
        current: current?.serial ?? null,
        copy: serial,
      });
    }
    const kept = ledger.versions.find(copy.version ?? "");
    // One that is whole in the history need not be added to it once more.
    const isKept = kept !== null && isCopyOf(copy, kept) && (await this.parts.objects.defect(kept)) === null;
    const fetched = isKept ? null : await backup.fetch(copy, this.parts.current, caller.id);
    const version = ledger.atomically(() => {
      const restored = fetched ? ledger.addVersion(fetched) : this.history.find(kept?.id ?? "");
      this.#point(caller, restored, "restore_backup", null);
      return restored;
    });
    await this.parts.current.projectAfterCommit();
    return { version, isNew: true };
  }

  /** Why the state needs no copy; null if it is missing or damaged. */
  async #whyNoCopy(): Promise<WhyNoCopy | null> {
    const { ledger } = this.context;
    try {
      await this.parts.current.reconcile();
    } catch (error) {
      if (isLost(error)) return null;
      const known = error instanceof Refusal ? error.error : null;
      if (known?.code !== "foreign_write") throw error;
      const current = ledger.current();
      const hasChoice =
        known.foreign !== null || (current !== null && (await this.parts.objects.defect(current)) === null);
      return hasChoice ? "undecided" : null;
    }
    if (ledger.get("pointer") !== null) return "healthy";
    return ledger.audit.has("delete") ? "deleted" : null;
  }

  /** Whoever holds the lock may restore, and anyone while nobody does; a freeze does not prevent it. */
  async #requireRestorer(caller: Caller, lockId: string | null): Promise<void> {
    const { locks } = this.parts;
    const check = () =>
      (this.context.ledger.locks.holder() || lockId !== null) && locks.requireWriter(caller, lockId);
    check();
    await locks.requireS3Agreement();
    check(); // an S3 client may have broken the lock
  }

  /** A foreign write, or a lost version, is what restore and delete are there to settle; anything else is an error for them too. */
  async #reconcileWherePossible(): Promise<void> {
    await this.parts.current.reconcile().catch((error: unknown) => {
      if (isLost(error) || (error instanceof Refusal && error.error.code === "foreign_write")) return;
      throw error;
    });
  }

  #point(caller: Caller, version: VersionRecord, action: string, lockId: string | null): void {
    const { ledger, ref } = this.context;
    const { current, overrides, isEncryptionRequired } = this.parts;
    const found = breaches(ref, null, version, whyEncrypted(ledger, isEncryptionRequired));
    const override = overrides.cover(caller, null, found);
    ledger.atomically(() => {
      current.resolveConflict();
      if (override) overrides.use(caller, override, found);
      const from = ledger.get("pointer");
      ledger.moveTo(version.id);
      if (version.encrypted) ledger.set("everEncrypted", true);
      const { id: to, serial } = version;
      ledger.audit.append(caller.id, action, { from, to, serial, lockId, origin: caller.origin });
    });
  }
}

/** Whether the object of the current version is not there, or is not the one that was committed. */
function isLost(error: unknown): boolean {
  const code = error instanceof Refusal ? error.error.code : null;
  return code === "object_missing" || code === "object_damaged";
}
