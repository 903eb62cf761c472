import type { Random } from "../random";

/** What may go wrong with one operation of R2 or SQLite. `crash` ends the Durable Object, with whatever it had in memory. */
export const faults = ["error before", "error after", "crash before", "crash after", "slow"] as const;
/** `held` waits until the faults of the state are set anew, `cut` ends a body too early; only a test that asks for them has them. */
export const specialFaults = ["held", "cut"] as const;
export type Fault = (typeof faults)[number] | (typeof specialFaults)[number];

/** Faults of one state, as its test set them. */
export interface Plan {
  readonly random: Random;
  /** Part of the operations of R2 that fail. */
  readonly rate: number;
  /** Part of the statements and transactions of SQLite that do; a request has many of them. */
  readonly sqlRate: number;
  readonly kinds: readonly Fault[];
  /** The only operation they befall, such as `put current` or `transaction`; null for all. */
  readonly target: string | null;
  /** Part of the keys that cannot be deleted or written over, as under a lock rule of the bucket. */
  readonly locked: string | null;
  /** What an S3 client writes right before the Worker's next put of the current object. */
  interloper: string | null;
}
/** In the isolate, not in the object: a Durable Object that crashed must not meet the same fault for ever. */
export const plans = new Map<string, Plan>();

/** What was carried out: operations of R2 by their name, and rows of SQLite. */
export const operations: Record<string, number> = {};

export function count(operation: string, times = 1): void {
  operations[operation] = (operations[operation] ?? 0) + times;
}

/** The plan of the state that `text`, a key or the name of an object, is about. */
export const planOf = (text: string): Plan | undefined =>
  [...plans].find(([name]) => text.includes(`/${name}`))?.[1];

/** What befalls this operation, or null. */
export function befalls(plan: Plan | undefined, operation: string, rate: number): Fault | null {
  if (!plan || (plan.target ?? operation) !== operation || !plan.random.chance(rate)) return null;
  return plan.random.pick(plan.kinds);
}
