import fc from "fast-check";
import {
  loadOf,
  type Measured,
  monthlyPrice,
  nearestLimit,
  sharesOf,
  smallestPayingTeam,
  type Team,
  timesADay,
} from "../../../bench/cost/estimate";
import { PRICES } from "../../../bench/cost/prices";
import { operationOf } from "../../../bench/cost/r2-usage";
import { NO_USAGE, type Usage, usageOf } from "../../../bench/cost/usage";

const usage = (part: Partial<Usage>): Usage => ({ ...NO_USAGE, ...part });

const s3: Measured = {
  plan: usage({ classA: 4, classB: 5 }),
  apply: usage({ classA: 5, classB: 5 }),
  alarm: NO_USAGE,
  backup: NO_USAGE,
  backupOfState: NO_USAGE,
  versions: 0,
  databaseBytes: { plan: 0, apply: 0 },
  keepsHistory: false,
};
const team: Team = {
  people: 5,
  plans: 20,
  applies: 5,
  states: 10,
  stateBytes: 100_000,
  driftChecks: 24,
  years: 5,
};

const times = fc.integer({ min: 1, max: 50 });
const someUsage: fc.Arbitrary<Usage> = fc.record({
  classA: times,
  classB: times,
  workerRequests: times,
  objectRequests: times,
  rowsRead: times,
  rowsWritten: times,
});
const anyMeasured: fc.Arbitrary<Measured> = fc.record({
  plan: someUsage,
  apply: someUsage,
  alarm: someUsage,
  backup: someUsage,
  backupOfState: someUsage,
  versions: fc.integer({ min: 1, max: 5 }),
  databaseBytes: fc.record({ plan: fc.nat(4000), apply: fc.nat(8000) }),
  keepsHistory: fc.boolean(),
});
const anyTeam: fc.Arbitrary<Team> = fc.record({
  people: fc.nat(500),
  plans: fc.integer({ min: 1, max: 100 }),
  applies: fc.nat(50),
  states: fc.nat(200),
  stateBytes: fc.nat(1_000_000),
  driftChecks: fc.nat(48),
  years: fc.nat(10),
});

test("a month of the S3 backend, by hand", () => {
  const load = loadOf(s3, team);
  // 5 people with 20 plans of 4 and 5 applies of 5 on 22 days; 10 states with 24 plans of 4 on 30 days
  expect(load.month.classA).toBe(5 * (20 * 4 + 5 * 5) * 22 + 10 * 24 * 4 * 30);
  expect(load.day.classB).toBe(5 * (20 * 5 + 5 * 5) + 10 * 24 * 5);
  expect(load.storedBytes).toBe(10 * 100_000);
  expect(timesADay(s3.apply)).toMatchObject({ times: 6666, limit: { meter: "classA" } });
  expect(monthlyPrice(load)).toBe(0);
});

test("a month of the Worker, by hand, with its history and its copies", () => {
  const worker: Measured = {
    plan: usage({ rowsWritten: 9 }),
    apply: usage({ rowsWritten: 12 }),
    alarm: usage({ rowsWritten: 2 }),
    backup: usage({ rowsWritten: 3 }),
    backupOfState: usage({ rowsWritten: 5 }),
    versions: 1,
    databaseBytes: { plan: 100, apply: 1000 },
    keepsHistory: true,
  };
  const few = loadOf(worker, team);
  // 100 plans and 25 applies on 22 days; every day 240 drift checks, and the cron trigger with its 10 copies
  expect(few.month.rowsWritten).toBe(22 * (100 * 9 + 25 * 12) + 30 * (240 * 9 + 3 + 10 * 5));
  // 10 states, the versions of 90 days with 25 * 22 / 30 applies each, 10 latest copies and those of 365 days
  expect(few.storedBytes).toBeCloseTo((10 + 1650 + 10 + 3650) * 100_000);
  expect(few.databaseBytes).toBeCloseTo(((100 * 22 * 100 + 25 * 22 * 1000) / 30 + 240 * 100) * 365 * 5);
  // Of 50 states 40 are copied a day, and 10 have an alarm alone; now the newest 100 of each are more.
  const many = loadOf(worker, { ...team, states: 50 });
  expect(many.month.rowsWritten).toBe(22 * 1200 + 30 * (1200 * 9 + 3 + 40 * 5 + 10 * 2));
  expect(many.storedBytes).toBeCloseTo((50 + 5000 + 50 + 40 * 365) * 100_000);
});

test("R2 rounds up to a whole unit, and a team without the Worker does not pay for it", () => {
  const month = usage({ classA: 1_000_001, classB: 10_000_000 });
  expect(monthlyPrice({ day: NO_USAGE, month, storedBytes: 11.1e9, databaseBytes: 0 })).toBeCloseTo(
    4.5 + 0.03,
  );
});

test("one row above the daily limit requires the paid plan, whose included amounts cost nothing more", () => {
  const month = usage({ rowsWritten: 2_000_000, objectRequests: 3_000_000 });
  const load = { day: usage({ rowsWritten: 100_001 }), month, storedBytes: 0, databaseBytes: 0 };
  expect(monthlyPrice(load)).toBeCloseTo(5 + 2 * 0.15);
  expect(monthlyPrice({ ...load, day: usage({ rowsWritten: 100_000 }) })).toBe(0);
});

test("the smallest paying team exceeds a limit, and a smaller one does not", () => {
  fc.assert(
    fc.property(anyMeasured, anyTeam, (measured, team) => {
      const share = (people: number) => nearestLimit(sharesOf(loadOf(measured, { ...team, people }))).share;
      const paying = smallestPayingTeam(measured, team);
      expect(paying).not.toBeNull();
      expect(share(paying ?? 0)).toBeGreaterThan(1);
      if (paying) expect(share(paying - 1)).toBeLessThanOrEqual(1);
    }),
  );
  expect(smallestPayingTeam(s3, { ...team, plans: 0, applies: 0 })).toBeNull();
});

test("more people never use or pay less, and who is within every limit pays nothing", () => {
  fc.assert(
    fc.property(anyMeasured, anyTeam, fc.nat(500), (measured, team, more) => {
      const [less, greater] = [0, more].map((added) =>
        loadOf(measured, { ...team, people: team.people + added }),
      ) as [ReturnType<typeof loadOf>, ReturnType<typeof loadOf>];
      const shares = sharesOf(less);
      sharesOf(greater).forEach(({ share }, at) => {
        expect(share).toBeGreaterThanOrEqual(shares[at]?.share ?? 0);
      });
      expect(monthlyPrice(greater)).toBeGreaterThanOrEqual(monthlyPrice(less));
      if (nearestLimit(shares).share <= 1) expect(monthlyPrice(less)).toBe(0);
    }),
  );
});

test("the number of times a day stays within the free limits, and one more does not", () => {
  fc.assert(
    fc.property(someUsage, (each) => {
      const { times, limit } = timesADay(each);
      const daily = (price: (typeof PRICES)[number]) => price.free / (price.per === "month" ? 30 : 1);
      const taken = (meter: string) => each[meter as keyof Usage] ?? 0;
      for (const price of PRICES)
        expect(times * taken(price.meter)).toBeLessThanOrEqual(daily(price) * 1.000001);
      expect((times + 1) * taken(limit.meter)).toBeGreaterThan(daily(limit) * 0.999999);
    }),
  );
});

test("counts are added to the meters of the price list", () => {
  const counts = {
    PutObject: 2,
    ListObjects: 1,
    GetObject: 3,
    DeleteObject: 9,
    "worker LOCK": 1,
    "object lock": 4,
  };
  expect(usageOf({ ...counts, "rows read": 5, "rows written": 6 })).toEqual({
    classA: 3,
    classB: 3,
    workerRequests: 1,
    objectRequests: 4,
    rowsRead: 5,
    rowsWritten: 6,
  });
  expect(() => usageOf({ "POST object?restore": 1 })).toThrow(/"POST object\?restore" is on no meter/);
});

test.each([
  ["GET", "/tfstate?list-type=2&prefix=env", "ListObjects"],
  ["GET", "/tfstate/?location", "GetBucketLocation"],
  ["HEAD", "/tfstate/a/b.tfstate", "HeadObject"],
  ["PUT", "/tfstate/a/b.tfstate?x-id=PutObject", "PutObject"],
  ["PUT", "/tfstate/a?partNumber=1&uploadId=u", "UploadPart"],
  ["DELETE", "/tfstate/a?uploadId=u", "AbortMultipartUpload"],
])("%s %s is %s", (method, path, operation) => {
  expect(operationOf({ method, url: `http://127.0.0.1${path}` })).toBe(operation);
});
