export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws for no values */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    throw new Error("no values to describe");
  }
  return { min, median: (low + high) / 2, max };
}

/** The ratio of each value to the baseline of the same round, when the machine had the same load. */
export function ratios(values: readonly number[], baseline: readonly number[]): Spread {
  return spread(values.map((value, round) => value / (baseline[round] ?? Number.NaN)));
}
