import { randomUUID } from "node:crypto";
import { z } from "zod";

/** Properties of a fault that strikes calls. */
export const striking = {
  /** How many calls that match are let through first. @default 0 */
  skip: z.int().min(0).default(0),
  /** How many times it strikes; null is for ever. @default 1 */
  times: z.int().min(1).nullable().default(1),
};
type Striking = { readonly [K in keyof typeof striking]: z.output<(typeof striking)[K]> };

export interface ActiveFault<F> {
  readonly id: string;
  readonly fault: F;
  /** How many times it has struck. */
  readonly struck: number;
}

interface Entry<F> {
  readonly id: string;
  readonly fault: F;
  seen: number;
  struck: number;
}

/** The faults in force in a stand-in. They live as long as the process. */
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

  /** @param id none removes all */
  remove(id?: string): void {
    this.entries = id === undefined ? [] : this.entries.filter((entry) => entry.id !== id);
  }

  /** Those of the faults that `match` and strike now, one after the other as they are asked for; that counts. */
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
