/** What is stored of the uploads of a state. */
export interface StoredUploads {
  /** Length of the row of settings. */
  readonly settings: number;
  /** Those in that row, and those in the table. */
  readonly newest: number;
  readonly older: number;
}
/** What `GET /uploads/{state}?count=…` of runtime/uploads-worker.ts found. */
export interface Crowd {
  readonly stored: StoredUploads;
  /** Whether all of them are known. */
  readonly all: boolean;
  /** Places of those that the sweep takes though none is old. */
  readonly taken: readonly number[];
  /** After all have ended. */
  readonly left: StoredUploads;
}
