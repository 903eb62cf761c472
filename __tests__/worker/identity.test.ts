import { clientOf } from "../../worker/src/auth/client";

test("a client with an IPv6 address is known by its /64, however the address is written", () => {
  const of = (address: string): string =>
    clientOf(new Request("http://localhost", { headers: { "cf-connecting-ip": address } }));
  expect(of("2001:db8::1")).toBe(of("2001:db8:0:0:9:8:7:6"));
  expect(of("2001:DB8::abcd:1:2:3")).toBe(of("2001:0db8::1"));
  expect(of("2001:db8:0:1::1")).not.toBe(of("2001:db8::1"));
  expect(of("::1")).toBe(of("::2"));
  expect(of("203.0.113.9")).toBe("203.0.113.9");
});
