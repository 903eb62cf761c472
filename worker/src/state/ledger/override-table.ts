import type { StateRule } from "../../../../domain/state-guard";
import type { OverrideRecord } from "./records";
import { firstRow } from "./row";

/** Overrides that were granted. One that was used stays, so that it cannot be used again. */
export class OverrideTable {
  constructor(private readonly sql: SqlStorage) {}

  /** @param usedAt null for one that is open */
  add({ id, allow, grantedBy, reason, expiresAt }: OverrideRecord, usedAt: string | null): void {
    this.sql.exec(
      "INSERT INTO override VALUES (?, ?, ?, ?, ?, ?)",
      id,
      JSON.stringify(allow),
      grantedBy,
      reason,
      expiresAt,
      usedAt,
    );
  }

  has(id: string): boolean {
    return firstRow(this.sql, "SELECT id FROM override WHERE id = ?", id) !== null;
  }

  /** Neither used nor expired; the one that expires first comes first. */
  open(now: string): OverrideRecord[] {
    const rows = this.sql.exec(
      "SELECT * FROM override WHERE usedAt IS NULL AND expiresAt > ? ORDER BY expiresAt",
      now,
    );
    return [...rows].map((row) => ({
      id: String(row.id),
      allow: JSON.parse(String(row.allow)) as StateRule[],
      grantedBy: String(row.grantedBy),
      reason: String(row.reason),
      expiresAt: String(row.expiresAt),
    }));
  }

  use(id: string, now: string): void {
    this.sql.exec("UPDATE override SET usedAt = ? WHERE id = ?", now, id);
  }
}
