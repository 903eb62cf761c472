/**
 * Brings the tables of a Durable Object to their newest version, all or nothing.
 * @param scripts one for each version that they had, oldest first; deployed tables have the number in a column `form`
 * @throws Error when a later Worker was here: an older one would misread what it left
 */
export function migrate(storage: DurableObjectStorage, scripts: readonly string[]): void {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS migration (form INTEGER PRIMARY KEY)");
  const version = Number(sql.exec("SELECT coalesce(max(form), 0) AS form FROM migration").one().form);
  if (version > scripts.length) {
    throw new Error(
      `the tables have version ${version}, this Worker knows ${scripts.length}; deploy the later one again`,
    );
  }
  storage.transactionSync(() => {
    for (const [at, script] of scripts.entries()) {
      if (at < version) continue;
      sql.exec(script);
      sql.exec("INSERT INTO migration VALUES (?)", at + 1);
    }
  });
}
