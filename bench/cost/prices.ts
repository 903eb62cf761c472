import type { Usage } from "./usage";

/** One line of Cloudflare's price list. */
export interface Price {
  readonly name: string;
  readonly meter: keyof Usage | "storedBytes" | "databaseBytes";
  readonly service: "r2" | "workers";
  /** How much is free in each `per`. For storage, `always`: the amount that is stored at any time. */
  readonly free: number;
  readonly per: "day" | "month" | "always";
  /** How much the paid plan includes in a month. R2 has no plans: everything above the free amount is paid for. */
  readonly included: number;
  /** US dollars for each `unit` above `included`. */
  readonly price: number;
  readonly unit: number;
}

const MILLION = 1_000_000;
const BILLION = 1_000_000_000;
/** Cloudflare does not say whether it means 10^9 or 2^30; this is the smaller one. */
const GB = BILLION;

/** The price of the plan Workers Paid, in US dollars a month. @see https://developers.cloudflare.com/workers/platform/pricing/ */
export const WORKERS_PAID = 5;

/**
 * As read in November 2026. CPU time and the time that a Durable Object is active are left out (10 ms a request and
 * 13,000 GB-s a day are free): they cannot be measured on a laptop.
 *
 * @see https://developers.cloudflare.com/r2/pricing/
 * @see https://developers.cloudflare.com/workers/platform/pricing/
 * @see https://developers.cloudflare.com/durable-objects/platform/pricing/
 */
export const PRICES: readonly Price[] = [
  {
    name: "R2 class A operations",
    meter: "classA",
    service: "r2",
    free: MILLION,
    per: "month",
    included: MILLION,
    price: 4.5,
    unit: MILLION,
  },
  {
    name: "R2 class B operations",
    meter: "classB",
    service: "r2",
    free: 10 * MILLION,
    per: "month",
    included: 10 * MILLION,
    price: 0.36,
    unit: MILLION,
  },
  {
    name: "R2 storage",
    meter: "storedBytes",
    service: "r2",
    free: 10 * GB,
    per: "always",
    included: 10 * GB,
    price: 0.015,
    unit: GB,
  },
  {
    name: "Worker requests",
    meter: "workerRequests",
    service: "workers",
    free: 100_000,
    per: "day",
    included: 10 * MILLION,
    price: 0.3,
    unit: MILLION,
  },
  {
    name: "Durable Object requests",
    meter: "objectRequests",
    service: "workers",
    free: 100_000,
    per: "day",
    included: MILLION,
    price: 0.15,
    unit: MILLION,
  },
  {
    name: "SQLite rows read",
    meter: "rowsRead",
    service: "workers",
    free: 5 * MILLION,
    per: "day",
    included: 25 * BILLION,
    price: 0.001,
    unit: MILLION,
  },
  {
    name: "SQLite rows written",
    meter: "rowsWritten",
    service: "workers",
    free: 100_000,
    per: "day",
    included: 50 * MILLION,
    price: 1,
    unit: MILLION,
  },
  {
    name: "SQLite storage",
    meter: "databaseBytes",
    service: "workers",
    free: 5 * GB,
    per: "always",
    included: 5 * GB,
    price: 0.2,
    unit: GB,
  },
];
