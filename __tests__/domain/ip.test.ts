import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { Address, Cidr } from "../../domain/ip";

/** Texts that are almost addresses. */
const almost = fc.string({ unit: fc.constantFrom(..."0123459af:.%/"), maxLength: 20 });

test("an address is what Node takes for one, but for a zone", () => {
  fc.assert(
    fc.property(fc.oneof(almost, fc.ipV4(), fc.ipV6()), (text) => {
      expect([text, Address.isValid(text)]).toEqual([
        text,
        isIPv4(text) || (isIPv6(text) && !text.includes("%")),
      ]);
    }),
    { numRuns: 3000 },
  );
});

test.each(["010.0.0.1", "10.1", "0x0a000001", "fe80::1%eth0", "1::2::3", "10.0.0.1/24"])(
  "%s is not an address",
  (text) => {
    expect(Address.isValid(text)).toBe(false);
    expect(() => Address.parse(text)).toThrow(`${text} is not an IP address`);
  },
);

test.each([
  ["10.20.0.0/22", "10.20.3.255", "10.20.4.0"],
  ["fd00::/64", "fd00::ffff", "fd00:0:0:1::"],
])("%s has %s in it and %s not", (cidr, inside, outside) => {
  expect(Cidr.parse(cidr).contains(Address.parse(inside))).toBe(true);
  expect(Cidr.parse(cidr).contains(Address.parse(outside))).toBe(false);
});
