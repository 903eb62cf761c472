import { table } from "../markdown";
import {
  loadOf,
  type Measured,
  monthlyPrice,
  nearestLimit,
  sharesOf,
  smallestPayingTeam,
  type Team,
  timesADay,
  upkeepOf,
} from "./estimate";
import { PRICES, type Price } from "./prices";

/** A backend and what was measured of it. */
export interface Backend {
  readonly name: string;
  readonly measured: Measured;
}

export interface ReportProps {
  readonly backends: readonly Backend[];
  readonly team: Team;
  /** Of OpenTofu. */
  readonly version: string;
}

/** What the report says of a backend, as data. */
export function summaryOf({ name, measured }: Backend, team: Team) {
  const load = loadOf(measured, team);
  const paying = smallestPayingTeam(measured, team);
  const payingLoad = paying === null ? null : loadOf(measured, { ...team, people: paying });
  const shares = sharesOf(load);
  const { times: plansADay } = timesADay(measured.plan);
  const { times: appliesADay, limit } = timesADay(measured.apply);
  const first = nearestLimit(payingLoad ? sharesOf(payingLoad) : shares);
  return {
    backend: name,
    measured,
    load,
    shares: shares.map(({ price, used, share }) => ({ limit: price.name, free: price.free, used, share })),
    plansADay,
    appliesADay,
    /** The limit that applies reach first. */
    usedUpFirst: limit.name,
    /** The limit that a growing team reaches first. */
    firstLimit: first.price.name,
    /** People in the smallest team that pays; null where no team ever pays. */
    payingTeam: paying,
    /** US dollars a month, for the given team and for the smallest one that pays. */
    price: monthlyPrice(load),
    payingPrice: payingLoad && monthlyPrice(payingLoad),
  };
}

export function report({ backends, team, version }: ReportProps): string {
  const { people, plans, applies, states, stateBytes, driftChecks, years } = team;
  return `Counted with OpenTofu ${version}. The team has ${count(people)} people, each with ${plans} plans and ${applies} applies on a work day,
and ${count(states)} states of ${count(stateBytes)} bytes, each with ${driftChecks} drift checks a day. The databases have grown for ${years} years.

${backends.map((backend) => section(backend, team)).join("\n\n")}`;
}

function section(backend: Backend, team: Team): string {
  const { name, measured } = backend;
  const { shares, plansADay, appliesADay, usedUpFirst, firstLimit, payingTeam, price, payingPrice } =
    summaryOf(backend, team);
  const limits = PRICES.filter(({ service }) => service === "r2" || measured.keepsHistory);
  const rows = limits.map((limit) => {
    const { used = 0, share = 0 } = shares.find((each) => each.limit === limit.name) ?? {};
    const amount = limit.per === "always" ? bytes : count;
    return [
      limit.name,
      ...cellsOf(limit, measured, team),
      `${amount(limit.free)}${limit.per === "always" ? "" : ` a ${limit.per}`}`,
      amount(used),
      percent(share),
    ];
  });
  const heads = ["", "plan", "apply", `idle day, ${count(team.states)} states`, "free", "the team", "share"];
  const pays =
    payingTeam === null
      ? "No team ever pays."
      : `A team of **${count(payingTeam)} people** or more pays, for ${firstLimit}: ${dollars(payingPrice ?? 0)} a month.`;
  return `### ${name}

${table(heads, rows, "right")}

The free plan allows ${count(plansADay)} plans or ${count(appliesADay)} applies a day, if nothing else is done. The limit on ${usedUpFirst} is reached first.
${pays} This team pays ${dollars(price)}.`;
}

/** What a plan, an apply, and a day without either of them use. */
function cellsOf({ meter }: Price, measured: Measured, { states, stateBytes }: Team): string[] {
  const { plan, apply, databaseBytes, versions } = measured;
  if (meter === "storedBytes") return [bytes(0), bytes(versions * stateBytes), ""];
  if (meter === "databaseBytes") return [bytes(databaseBytes.plan), bytes(databaseBytes.apply), ""];
  return [plan, apply, upkeepOf(measured, states)].map((usage) => count(usage[meter]));
}

const count = (value: number): string => Math.round(value).toLocaleString("en");
function bytes(value: number): string {
  if (value < 1e6) return `${count(value)} B`;
  return value < 1e9 ? `${count(value / 1e6)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

const dollars = (value: number): string => `$${value.toFixed(2)}`;

function percent(share: number): string {
  const value = share * 100;
  return value > 0 && value < 0.1 ? "< 0.1 %" : `${value.toFixed(1)} %`;
}
