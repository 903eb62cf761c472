/**
 * Brings the tables of a Durable Object to their newest form, all or nothing.
 * @param scripts one for each form that they had, oldest first
 * @throws Error when a later version of the Worker was here: an older one would misread what it left
 */
export function migrate(storage: DurableObjectStorage, scripts: readonly string[]): void {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS migration (form INTEGER PRIMARY KEY)");
  const form = Number(sql.exec("SELECT coalesce(max(form), 0) AS form FROM migration").one().form);
  if (form > scripts.length) {
    throw new Error(
      `the tables have form ${form}, this Worker knows ${scripts.length}; deploy the later one again`,
    );
  }
  storage.transactionSync(() => {
    for (const [at, script] of scripts.entries()) {
      if (at < form) continue;
      sql.exec(script);
      sql.exec("INSERT INTO migration VALUES (?)", at + 1);
    }
  });
}
