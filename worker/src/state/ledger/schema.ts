import { auditTable, chainedAuditTable, firstAuditTable } from "../../sqlite/audit-log";

/** One script for each version of the tables. What was deployed is never edited: a change is one more script. */
export const ledgerSchema = [
  `CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS lock_id (
    id TEXT PRIMARY KEY, fate TEXT NOT NULL, info TEXT NOT NULL, request TEXT NOT NULL, principal TEXT NOT NULL,
    origin TEXT NOT NULL, takenAt TEXT NOT NULL, endedBy TEXT);
  CREATE UNIQUE INDEX IF NOT EXISTS one_holder ON lock_id (fate) WHERE fate = 'held';
  CREATE TABLE IF NOT EXISTS version (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, serial INTEGER, lineage TEXT, sha256 TEXT NOT NULL,
    md5 TEXT NOT NULL, size INTEGER NOT NULL, encrypted INTEGER NOT NULL, createdAt TEXT NOT NULL, createdBy TEXT NOT NULL,
    lockId TEXT, source TEXT NOT NULL, resources TEXT, pinned INTEGER NOT NULL DEFAULT 0, pruned INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS upload (id TEXT PRIMARY KEY, startedAt TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS override (
    id TEXT PRIMARY KEY, allow TEXT NOT NULL, grantedBy TEXT NOT NULL, reason TEXT NOT NULL, expiresAt TEXT NOT NULL,
    usedAt TEXT);
  ${firstAuditTable}`,
  // Half the rows written: the settings in one, no number and no index that nobody needs. And the lists of resources,
  // which are long and seldom read, out of the way of each request.
  `CREATE TABLE settings (only INTEGER PRIMARY KEY, json TEXT NOT NULL);
  INSERT INTO settings SELECT 1, json_set(json_group_object(key, json(value)), '$.uploads',
    json((SELECT json_group_object(id, startedAt) FROM upload))) FROM setting;
  DROP TABLE setting;
  DROP TABLE upload;
  CREATE TABLE lock (
    id TEXT PRIMARY KEY, fate TEXT NOT NULL, info TEXT NOT NULL, request TEXT NOT NULL, principal TEXT NOT NULL,
    origin TEXT NOT NULL, takenAt TEXT NOT NULL, endedBy TEXT) WITHOUT ROWID;
  INSERT INTO lock SELECT * FROM lock_id;
  DROP TABLE lock_id;
  CREATE UNIQUE INDEX one_holder ON lock (fate) WHERE fate = 'held';
  ALTER TABLE version RENAME TO old_version;
  CREATE TABLE version (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, serial INTEGER, lineage TEXT, sha256 TEXT NOT NULL,
    md5 TEXT NOT NULL, size INTEGER NOT NULL, encrypted INTEGER NOT NULL, createdAt TEXT NOT NULL, createdBy TEXT NOT NULL,
    lockId TEXT, source TEXT NOT NULL, pinned INTEGER NOT NULL DEFAULT 0, pruned INTEGER NOT NULL DEFAULT 0);
  INSERT INTO version SELECT seq, id, serial, lineage, sha256, md5, size, encrypted, createdAt, createdBy, lockId, source,
    pinned, pruned FROM old_version;
  CREATE TABLE resource_list (version INTEGER PRIMARY KEY, addresses TEXT NOT NULL);
  INSERT INTO resource_list SELECT seq, resources FROM old_version WHERE resources IS NOT NULL;
  DROP TABLE old_version;
  ${chainedAuditTable}`,
  // Every lock that was taken so far has its file.
  "ALTER TABLE lock ADD COLUMN hasFile INTEGER NOT NULL DEFAULT 1",
  // Uploads that do not end stay for a day: too many for the row of settings, which holds 2 MB.
  `CREATE TABLE upload (id TEXT PRIMARY KEY, startedAt TEXT NOT NULL) WITHOUT ROWID;
  INSERT INTO upload SELECT key, value FROM settings, json_each(settings.json, '$.uploads') WHERE true;
  UPDATE settings SET json = json_set(json, '$.uploads', json('{}'));`,
  // By these, two lists of resources are told apart without a look at them.
  `ALTER TABLE version ADD COLUMN resourceCount INTEGER;
  ALTER TABLE version ADD COLUMN resourceDigest TEXT;`,
  // Bytes that go to R2 after the answer. A row of SQLite holds 2 MB.
  "CREATE TABLE unstored_body (version TEXT PRIMARY KEY, bytes BLOB NOT NULL)",
] as const;

/** What all the scripts lead to, for a new object: to run them takes five times as long. */
export const newLedger = `
  CREATE TABLE settings (only INTEGER PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE lock (
    id TEXT PRIMARY KEY, fate TEXT NOT NULL, info TEXT NOT NULL, request TEXT NOT NULL, principal TEXT NOT NULL,
    origin TEXT NOT NULL, takenAt TEXT NOT NULL, endedBy TEXT, hasFile INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
  CREATE UNIQUE INDEX one_holder ON lock (fate) WHERE fate = 'held';
  CREATE TABLE version (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, serial INTEGER, lineage TEXT, sha256 TEXT NOT NULL,
    md5 TEXT NOT NULL, size INTEGER NOT NULL, encrypted INTEGER NOT NULL, createdAt TEXT NOT NULL, createdBy TEXT NOT NULL,
    lockId TEXT, source TEXT NOT NULL, pinned INTEGER NOT NULL DEFAULT 0, pruned INTEGER NOT NULL DEFAULT 0,
    resourceCount INTEGER, resourceDigest TEXT);
  CREATE TABLE resource_list (version INTEGER PRIMARY KEY, addresses TEXT NOT NULL);
  CREATE TABLE upload (id TEXT PRIMARY KEY, startedAt TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE unstored_body (version TEXT PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE override (
    id TEXT PRIMARY KEY, allow TEXT NOT NULL, grantedBy TEXT NOT NULL, reason TEXT NOT NULL, expiresAt TEXT NOT NULL,
    usedAt TEXT);
  ${auditTable}`;
