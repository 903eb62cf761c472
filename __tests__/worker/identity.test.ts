import { equal, notEqual, ok } from "node:assert/strict";
import { clientOf } from "../../worker/src/auth/client";
import { matches } from "../../worker/src/auth/principal";

test("a client with an IPv6 address is known by its /64, however the address is written", () => {
  const of = (address: string): string =>
    clientOf(new Request("http://localhost", { headers: { "cf-connecting-ip": address } }));
  equal(of("2001:db8::1"), of("2001:db8:0:0:9:8:7:6"));
  equal(of("2001:DB8::abcd:1:2:3"), of("2001:0db8::1"));
  notEqual(of("2001:db8:0:1::1"), of("2001:db8::1"));
  equal(of("::1"), of("::2"));
  equal(of("203.0.113.9"), "203.0.113.9");
});

test("patterns: a star stands for anything, everything else for itself", () => {
  ok(matches("prod-*", "prod-") && matches("*", "anything\n") && matches("a*c", "abc"));
  for (const [glob, text] of [
    ["prod-*", "xprod-1"],
    ["a.c", "abc"],
    ["a+", "aa"],
    ["", "x"],
    ["prod", "prod2"],
  ] as const) {
    notEqual(matches(glob, text), true);
  }
});
