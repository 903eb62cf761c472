import { randomUUID } from "node:crypto";
import { z } from "zod";

/** When a fault affects the calls that match it. */
export const striking = {
  /** How many matching calls pass before the fault takes effect. @default 0 */
  skip: z.int().min(0).default(0),
  /** How many calls the fault affects; null is without limit. @default 1 */
  times: z.int().min(1).nullable().default(1),
};
type Striking = { readonly [K in keyof typeof striking]: z.output<(typeof striking)[K]> };

export interface ActiveFault<F> {
  readonly id: string;
  readonly fault: F;
  /** How many calls it has affected. */
  readonly struck: number;
}

interface Entry<F> {
  readonly id: string;
  readonly fault: F;
  seen: number;
  struck: number;
}

/**
 * Two faults that every stand-in has. `delay`: the answer comes late. `drop`: the connection is cut before the call is
 * carried out, or after it.
 * @param matching which calls the faults affect
 */
export const callFaults = <M extends z.ZodRawShape>(matching: M) =>
  [
    z.strictObject({ kind: z.literal("delay"), delayMs: z.int().min(1), ...matching }),
    z.strictObject({
      kind: z.literal("drop"),
      when: z.enum(["before", "after"]).default("before"),
      ...matching,
    }),
  ] as const;

/** The active faults of a stand-in. They are not saved. */
export class FaultList<F> {
  private entries: Entry<F>[] = [];

  add(fault: F): string {
    const id = randomUUID();
    this.entries.push({ id, fault, seen: 0, struck: 0 });
    return id;
  }

  list(): readonly ActiveFault<F>[] {
    return this.entries.map(({ id, fault, struck }) => ({ id, fault, struck }));
  }

  /** @param id removes all faults if it is left out */
  remove(id?: string): void {
    this.entries = id === undefined ? [] : this.entries.filter((entry) => entry.id !== id);
  }

  /** Yields the matching faults that affect this call, and counts each one that is yielded. */
  protected *striking<M extends F & Striking>(match: (fault: F) => fault is M): Iterable<M> {
    for (const entry of this.entries) {
      const { fault } = entry;
      if (match(fault) && strikes(entry, fault)) yield fault;
    }
  }

  protected has(match: (fault: F) => boolean): boolean {
    return this.entries.some(({ fault }) => match(fault));
  }
}

function strikes(entry: { seen: number; struck: number }, { skip, times }: Striking): boolean {
  entry.seen += 1;
  if (entry.seen <= skip || (times !== null && entry.struck >= times)) return false;
  entry.struck += 1;
  return true;
}
