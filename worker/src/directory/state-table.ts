import { matchesGlob } from "../../../domain/glob";
import type { StateRef } from "../../../domain/state-objects";

/** What the Durable Object of a state reports of it. */
export interface StateReport {
  /** Since when a client of this Worker holds the lock, RFC 3339; null if none does. */
  readonly lockedSince: string | null;
  /** An S3 client's write waits for a decision. */
  readonly conflict: boolean;
}

/** What the metrics say of the states of a namespace. */
export interface StatesSummary {
  readonly states: number;
  readonly locks: number;
  readonly oldestLock: string | null;
  readonly conflicts: number;
}

/** The list of all states: a Durable Object cannot be found without its name. */
export class StateTable {
  constructor(private readonly sql: SqlStorage) {}

  /** Stores what the Durable Object of a state reports. */
  report({ namespace, name }: StateRef, { lockedSince, conflict }: StateReport): void {
    this.sql.exec(
      "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)",
      namespace,
      name,
      lockedSince,
      conflict ? 1 : 0,
    );
  }

  /** Notes a state that was found in the bucket. One that is known already stays as it is. */
  add({ namespace, name }: StateRef): void {
    this.sql.exec("INSERT OR IGNORE INTO state (namespace, name) VALUES (?, ?)", namespace, name);
  }

  /**
   * States in order of namespace and name, after `after`.
   * @param namespace null stands for all
   * @param patterns names that count, with `*`
   */
  list(
    namespace: string | null,
    patterns: readonly string[],
    after: StateRef | null,
    limit: number,
  ): StateRef[] {
    const rows = this.sql.exec(
      `SELECT namespace, name FROM state WHERE (?1 IS NULL OR namespace = ?1) AND (namespace, name) > (?2, ?3)
       ORDER BY namespace, name`,
      namespace,
      after?.namespace ?? "",
      after?.name ?? "",
    );
    const page: StateRef[] = [];
    for (const row of rows) {
      const ref = { namespace: String(row.namespace), name: String(row.name) };
      if (patterns.some((glob) => matchesGlob(glob, ref.name)) && page.push(ref) === limit) break;
    }
    return page;
  }

  /** Sums up the states of a namespace that the patterns match, as their Durable Objects last reported. */
  summary(namespace: string, patterns: readonly string[]): StatesSummary {
    const names = patterns.includes("*")
      ? null
      : this.list(namespace, patterns, null, Number.POSITIVE_INFINITY).map(({ name }) => name);
    const row = this.sql
      .exec(
        `SELECT count(*) AS states, count(lockedSince) AS locks, min(lockedSince) AS oldestLock, total(conflict) AS conflicts
         FROM state WHERE namespace = ?1 AND (?2 IS NULL OR name IN (SELECT value FROM json_each(?2)))`,
        namespace,
        names && JSON.stringify(names),
      )
      .one();
    return {
      states: Number(row.states),
      locks: Number(row.locks),
      oldestLock: row.oldestLock === null ? null : String(row.oldestLock),
      conflicts: Number(row.conflicts),
    };
  }
}
