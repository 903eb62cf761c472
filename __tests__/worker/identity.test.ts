import { clientOf } from "../../worker/src/auth/client";
import { matches } from "../../worker/src/auth/principal";

test("a client with an IPv6 address is known by its /64, however the address is written", () => {
  const of = (address: string): string =>
    clientOf(new Request("http://localhost", { headers: { "cf-connecting-ip": address } }));
  expect(of("2001:db8::1")).toBe(of("2001:db8:0:0:9:8:7:6"));
  expect(of("2001:DB8::abcd:1:2:3")).toBe(of("2001:0db8::1"));
  expect(of("2001:db8:0:1::1")).not.toBe(of("2001:db8::1"));
  expect(of("::1")).toBe(of("::2"));
  expect(of("203.0.113.9")).toBe("203.0.113.9");
});

test("patterns: a star stands for anything, everything else for itself", () => {
  for (const [glob, text] of [
    ["prod-*", "prod-"],
    ["*", "anything\n"],
    ["a*c", "abc"],
  ] as const) {
    expect(matches(glob, text)).toBe(true);
  }
  for (const [glob, text] of [
    ["prod-*", "xprod-1"],
    ["a.c", "abc"],
    ["a+", "aa"],
    ["", "x"],
    ["prod", "prod2"],
  ] as const) {
    expect(matches(glob, text)).toBe(false);
  }
});
