import type { LockHolder } from "../../../domain/lock-info";

/** What a refused request is told. Every error of this Worker is one of these, sent as JSON. */
export interface Problem {
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
export type Problems = Readonly<Record<string, (facts: never) => Problem>>;
