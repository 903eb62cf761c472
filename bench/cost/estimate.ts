import { KEPT_VERSIONS } from "../../domain/tfstate-worker";
import { BACKUP_DAYS } from "../../stacks/bootstrap-stack";
import { copiesPerRun } from "../../worker/src/copies-per-run";
import { PRICES, type Price, WORKERS_PAID } from "./prices";
import { sum, times, type Usage } from "./usage";

/** What was measured of one backend. */
export interface Measured {
  /** `tofu init` and `tofu plan`, and the alarm half a minute later. */
  readonly plan: Usage;
  /** `tofu init` and `tofu apply -auto-approve`, and the alarm half a minute later. */
  readonly apply: Usage;
  /** The alarm of a state that nobody used that day. */
  readonly alarm: Usage;
  /** A run of the cron trigger, without the states that it copies. */
  readonly backup: Usage;
  /** The copy of one state that has changed, and the alarm after it. */
  readonly backupOfState: Usage;
  /** Versions that an apply adds to the history. */
  readonly versions: number;
  /** Bytes that each plan and each apply add to the database of a state. */
  readonly databaseBytes: { readonly plan: number; readonly apply: number };
  /** Whether the backend keeps a history and a backup, or the current state alone. */
  readonly keepsHistory: boolean;
}

/** Who uses the backend, and how much. */
export interface Team {
  readonly people: number;
  /** Plans of each person on a work day. */
  readonly plans: number;
  /** Applies of each person on a work day. */
  readonly applies: number;
  readonly states: number;
  readonly stateBytes: number;
  /** Scheduled plans of each state, every day. */
  readonly driftChecks: number;
  /** For how many years the databases have grown; they never shrink. */
  readonly years: number;
}

/** What a team uses on a work day and in a month, and how much it stores after its years. */
export interface Load {
  readonly day: Usage;
  readonly month: Usage;
  readonly storedBytes: number;
  readonly databaseBytes: number;
}

const DAYS_A_MONTH = 30;
const DAYS_A_YEAR = 365;
const WORK_DAYS_A_MONTH = 22;

export function loadOf(measured: Measured, team: Team): Load {
  const plans = team.people * team.plans;
  const applies = team.people * team.applies;
  const checks = team.states * team.driftChecks;
  const work = sum(times(measured.plan, plans), times(measured.apply, applies));
  const byItself = sum(times(measured.plan, checks), upkeepOf(measured, team.states));
  const month = sum(times(work, WORK_DAYS_A_MONTH), times(byItself, DAYS_A_MONTH));
  const perDay = (workDays: number, everyDay: number) =>
    (workDays * WORK_DAYS_A_MONTH) / DAYS_A_MONTH + everyDay;
  const grownBytes =
    perDay(plans, checks) * measured.databaseBytes.plan + perDay(applies, 0) * measured.databaseBytes.apply;
  return {
    day: sum(work, byItself),
    month,
    storedBytes: storedObjects(measured, team, perDay(applies, 0)) * team.stateBytes,
    databaseBytes: grownBytes * DAYS_A_YEAR * team.years,
  };
}

/** What a day without plans and applies uses: one run of the cron trigger, and the alarms of states that it does not copy. */
export function upkeepOf(measured: Measured, states: number): Usage {
  const copied = Math.min(states, copiesPerRun);
  return sum(measured.backup, times(measured.backupOfState, copied), times(measured.alarm, states - copied));
}

/** The objects in the long run: the current states, their full histories, their latest copies and the dated copies. */
function storedObjects(measured: Measured, { states }: Team, appliesADay: number): number {
  if (!measured.keepsHistory) return states;
  const history = Math.max(
    states * KEPT_VERSIONS.versions,
    appliesADay * measured.versions * KEPT_VERSIONS.days,
  );
  const copies = Math.min(states, copiesPerRun) * BACKUP_DAYS;
  return states + history + states + copies;
}

/** A line of the price list, and how much of its free amount is used: 1 is all of it. */
export interface Share {
  readonly price: Price;
  readonly used: number;
  readonly share: number;
}

export function sharesOf(load: Load): readonly Share[] {
  return PRICES.map((price) => {
    const used = usedOf(load, price);
    return { price, used, share: used / price.free };
  });
}

/** The limit that is reached first. */
export function nearestLimit(shares: readonly Share[]): Share {
  return shares.reduce((most, each) => (each.share > most.share ? each : most));
}

/** How often a day something that takes `usage` can be done for free, if nothing else is done; Infinity if it takes nothing. */
export function timesADay(usage: Usage): { readonly times: number; readonly limit: Price } {
  const load = { day: usage, month: times(usage, DAYS_A_MONTH), storedBytes: 0, databaseBytes: 0 };
  const { price, share } = nearestLimit(sharesOf(load));
  return { times: Math.floor(1 / share), limit: price };
}

/**
 * How many people the smallest team has that exceeds a free limit: 0 where the scheduled work alone exceeds one.
 * @returns null where no team exceeds any
 */
export function smallestPayingTeam(measured: Measured, team: Team): number | null {
  const pays = (people: number) => nearestLimit(sharesOf(loadOf(measured, { ...team, people }))).share > 1;
  if (pays(0)) return 0;
  let free = 0;
  let paying = 1;
  while (!pays(paying)) {
    free = paying;
    paying *= 2;
    if (paying > 1e12) return null;
  }
  while (paying - free > 1) {
    const middle = Math.floor((free + paying) / 2);
    if (pays(middle)) paying = middle;
    else free = middle;
  }
  return paying;
}

/** What a month costs, in US dollars. R2 rounds each line of the bill up to a whole unit. */
export function monthlyPrice(load: Load): number {
  const shares = sharesOf(load);
  const isOver = (service: Price["service"]) =>
    shares.some(({ price, share }) => price.service === service && share > 1);
  const above = (service: Price["service"], round: (units: number) => number) =>
    PRICES.filter((price) => price.service === service)
      .map((price) => round(Math.max(0, monthOf(load, price) - price.included) / price.unit) * price.price)
      .reduce((total, each) => total + each, 0);
  const workers = isOver("workers") ? WORKERS_PAID + above("workers", (units) => units) : 0;
  return workers + above("r2", Math.ceil);
}

function usedOf(load: Load, { meter, per }: Price): number {
  if (meter === "storedBytes" || meter === "databaseBytes") return load[meter];
  return per === "day" ? load.day[meter] : load.month[meter];
}

const monthOf = (load: Load, price: Price): number => usedOf(load, { ...price, per: "month" });
