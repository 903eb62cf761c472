import { overrideHeader, parseOverrideHeader } from "../../domain/worker-api";

const now = new Date("2026-01-31T12:00:00.000Z");
const ahead = (ms: number) => new Date(now.getTime() + ms);

test("what a client writes into the header of an override, the Worker reads", () => {
  const until = ahead(60_000);
  const value = overrideHeader(["lineage", "serial"], until);
  expect(value).toBe("lineage,serial until=2026-01-31T12:01:00.000Z");
  expect(parseOverrideHeader(value, now)).toEqual({ rules: ["serial", "lineage"], until });
});

test.each([
  ["no rule", overrideHeader([], ahead(60_000))],
  ["another word", `everything until=${ahead(60_000).toISOString()}`],
  ["no time", "serial"],
  ["a time that is none", "serial until=soon"],
  ["a time that is over", overrideHeader(["serial"], now)],
  ["a time beyond an hour", overrideHeader(["serial"], ahead(60 * 60_000 + 1))],
])("%s lifts nothing", (_, value) => {
  expect(parseOverrideHeader(value, now)).toBeUndefined();
});
