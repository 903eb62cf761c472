import type { LockHolder } from "../../../domain/lock-info";

/** What an error answers to a request. `errorResponse` sends it as JSON. */
export interface ErrorAnswer {
  /** HTTP status. */
  readonly status: number;
  /** What happened, with the bad value. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  /** Who holds the lock, where that is the reason. */
  readonly holder?: LockHolder;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter?: number;
}

/** Errors by their code: each describes itself from the facts that it needs. */
export type ErrorAnswers = Readonly<Record<string, (facts: never) => ErrorAnswer>>;
