/**
 * Brings the tables of a Durable Object to their newest version, all or nothing.
 * @param scripts one for each version that they had, oldest first; deployed tables have the number in a column `form`
 * @param whole what all of them lead to, for an object that has no tables yet @default - they are run, one by one
 * @throws Error when a later Worker was here: an older one would misread what it left
 */
export function migrate(storage: DurableObjectStorage, scripts: readonly string[], whole?: string): void {
  const { sql } = storage;
  const isNew = hasNoTables(sql);
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS migration (form INTEGER PRIMARY KEY)");
    const version = Number(sql.exec("SELECT coalesce(max(form), 0) AS form FROM migration").one().form);
    if (version > scripts.length) {
      throw new Error(
        `the tables have version ${version}, this Worker knows ${scripts.length}; deploy the later one again`,
      );
    }
    if (version === scripts.length) return;
    for (const script of isNew && whole ? [whole] : scripts.slice(version)) sql.exec(script);
    sql.exec("INSERT INTO migration VALUES (?)", scripts.length);
  });
}

/** The runtime's own tables begin with `_cf_`. The first Worker left tables without a number. */
function hasNoTables(sql: SqlStorage): boolean {
  return (
    sql.exec(String.raw`SELECT 1 FROM sqlite_master WHERE name NOT LIKE '\_cf\_%' ESCAPE '\' LIMIT 1`).next()
      .done === true
  );
}
