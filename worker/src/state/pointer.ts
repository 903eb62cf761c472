import { versionKey } from "../../../domain/state-objects";
import { Refusal } from "../errors/refusal";
import type { Caller } from "./caller";
import { whyEncrypted } from "./encryption";
import { breaches } from "./guard";
import type { History } from "./history";
import type { NewVersion, VersionRecord } from "./ledger/records";
import type { StateContext } from "./state-context";
import type { VersionParts } from "./version-parts";

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
    locks.requireWriter(lockId);
    await locks.requireS3Agreement();
    if (caller.admin) await this.#reconcileUnlessConflict();
    else await current.reconcile();
    ledger.atomically(() => {
      locks.requireWriter(lockId);
      const pointer = ledger.get("pointer");
      if (pointer === null && ledger.get("conflict") === null) return;
      current.resolveConflict();
      ledger.set("pointer", null);
      ledger.audit.append(caller.id, "delete", { version: pointer, lockId, origin: caller.origin });
    });
    await current.projectAfterCommit();
  }

  /** Moves the pointer to a version that is already there. */
  async restore(caller: Caller, id: string, lockId: string | null): Promise<VersionRecord> {
    const { bucket, key, ledger } = this.context;
    await this.#requireRestorer(lockId);
    const version = this.history.find(id);
    await this.#reconcileUnlessConflict();
    const object = await bucket.head(versionKey(key, id));
    const { serial } = version;
    if (object === null) throw new Refusal({ code: "object_missing", id, serial });
    if (object.etag !== version.md5) throw new Refusal({ code: "object_damaged", id, serial });
    if (ledger.get("pointer") === id && ledger.get("conflict") === null) return version;
    this.#point(caller, version, "restore", lockId);
    await this.parts.current.projectAfterCommit();
    return version;
  }

  /** Makes a version that `fetch` brings from the backup the current one. */
  async restoreFrom(caller: Caller, fetch: () => Promise<NewVersion>): Promise<VersionRecord> {
    const { ledger } = this.context;
    await this.#requireRestorer(null);
    const fetched = await fetch();
    const version = ledger.atomically(() => {
      const added = ledger.addVersion(fetched);
      this.#point(caller, added, "restore_backup", null);
      return added;
    });
    await this.parts.current.projectAfterCommit();
    return version;
  }

  /** Whoever holds the lock may restore, and anyone while nobody does; a freeze does not prevent it. */
  async #requireRestorer(lockId: string | null): Promise<void> {
    const { locks } = this.parts;
    const check = () =>
      (this.context.ledger.locks.holder() || lockId !== null) && locks.requireWriter(lockId);
    check();
    await locks.requireS3Agreement();
    check(); // an S3 client may have broken the lock
  }

  /** A foreign write is what restore and delete are there to settle; anything else is an error for them too. */
  async #reconcileUnlessConflict(): Promise<void> {
    await this.parts.current.reconcile().catch((error: unknown) => {
      if (!(error instanceof Refusal && error.error.code === "foreign_write")) throw error;
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
      ledger.set("pointer", version.id);
      if (version.encrypted) ledger.set("everEncrypted", true);
      const { id: to, serial } = version;
      ledger.audit.append(caller.id, action, { from, to, serial, lockId, origin: caller.origin });
    });
  }
}
