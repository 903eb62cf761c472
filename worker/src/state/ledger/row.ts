export type Row = Record<string, SqlStorageValue>;

/** The first row of a result; null if it has none. */
export function firstRow(sql: SqlStorage, query: string, ...bindings: SqlStorageValue[]): Row | null {
  const result = sql.exec(query, ...bindings).next();
  return result.done ? null : result.value;
}
