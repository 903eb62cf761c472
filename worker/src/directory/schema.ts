import { chainedAuditTable, firstAuditTable } from "../sqlite/audit-log";

/** One script for each version of the tables. What was deployed is never edited: a change is one more script. */
export const directorySchema = [
  `CREATE TABLE IF NOT EXISTS state (namespace TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (namespace, name));
  CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, hash TEXT NOT NULL, info TEXT NOT NULL, namespace TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value REAL NOT NULL);
  CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  ${firstAuditTable}`,
  `ALTER TABLE state ADD COLUMN lockedSince TEXT;
  ALTER TABLE state ADD COLUMN conflict INTEGER NOT NULL DEFAULT 0;
  DELETE FROM cursor;
  ${chainedAuditTable}`,
] as const;
