import type { Range } from "./range";

/** Days, up to a hundred years. The meaning of 0 is documented at each use. */
export const DAYS: Range = { min: 0, max: 36_500 };

/** The defaults. */
export const RETENTION_DEFAULTS = {
  /** For how long no object of the history can be deleted or overwritten. */
  historyLockDays: 30,
  /** Age at which an object of the history is deleted. */
  historyDays: 730,
  /** Age at which a backup is deleted. */
  backupDays: 365,
} as const;
