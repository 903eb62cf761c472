const dayMs = 24 * 60 * 60 * 1000;
/** A client that has not logged in for this long is unknown again. */
const keepMs = 30 * dayMs;
/** Of one account, so that nobody who may come in can push out the clients of another. */
const maxClients = 200;

/** One script for each version of the tables. What was deployed is never edited: a change is one more script. */
export const knownClientSchema = [
  "CREATE TABLE known_client (account TEXT NOT NULL, client TEXT NOT NULL, lastRight INTEGER NOT NULL, PRIMARY KEY (account, client))",
] as const;

/** Clients that have had the password of an account. They are stored, because an attack may begin before the owner comes. */
export class KnownClients {
  constructor(private readonly sql: SqlStorage) {}

  has(account: string, client: string, now: number): boolean {
    return now - this.#lastRight(account, client) < keepMs;
  }

  /** Notes that the client had the password. It is stored once a day at most. */
  add(account: string, client: string, now: number): void {
    if (now - this.#lastRight(account, client) < dayMs) return;
    this.sql.exec("INSERT OR REPLACE INTO known_client VALUES (?, ?, ?)", account, client, now);
    this.sql.exec(
      `DELETE FROM known_client WHERE lastRight < ?1 OR rowid IN
        (SELECT rowid FROM known_client WHERE account = ?2 ORDER BY lastRight DESC LIMIT -1 OFFSET ?3)`,
      now - keepMs,
      account,
      maxClients,
    );
  }

  #lastRight(account: string, client: string): number {
    const row = this.sql
      .exec("SELECT lastRight FROM known_client WHERE account = ? AND client = ?", account, client)
      .next();
    return row.done ? Number.NEGATIVE_INFINITY : Number(row.value.lastRight);
  }
}
