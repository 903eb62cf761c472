import type { Range } from "./range";

/** Days, up to a hundred years; what 0 means is said where it is used. */
export const DAYS: Range = { min: 0, max: 36_500 };

/** Where nothing else is said. */
export const RETENTION_DEFAULTS = {
  /** For how long no object of the history can be deleted or overwritten. */
  historyLockDays: 30,
  /** When an object of the history goes. */
  historyDays: 730,
  /** When an old copy in the backup bucket goes. */
  backupDays: 365,
} as const;
