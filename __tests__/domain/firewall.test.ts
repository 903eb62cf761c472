import { countPorts, portsProblem, sourceLists, sourceProblem } from "../../domain/firewall";

test.each([1, 65_535, "80", "30000-32767", "80-80"])("%s is a port or a range", (text) => {
  expect(portsProblem(text)).toBeUndefined();
});

test.each([
  0,
  65_536,
  1.5,
  -1,
  "",
  "80-",
  "-80",
  "1-2-3",
  "80:90",
  "http",
  " 80",
  "1e3",
  "0x50",
  "90-80",
  "1-65536",
])("%s is none", (text) => {
  expect(portsProblem(text)).toMatch(/; write /);
});

test("a range counts as two ports", () => {
  expect(countPorts([80, "443", "8000-8100"])).toBe(4);
});

test.each(["10.20.0.0/22", "0.0.0.0/0", "10.20.1.1", "2001:db8::/64", "2001:db8::1", "10.20.1.1/32"])(
  "packets can come from %s",
  (text) => {
    expect(sourceProblem(text)).toBeUndefined();
  },
);

test.each([
  [
    "10.20.1.1/22",
    "is an address within its network; write 10.20.0.0/22, or the address without its prefix length",
  ],
  [
    "2001:db8::1/64",
    "is an address within its network; write 2001:db8::/64, or the address without its prefix length",
  ],
  ["10.20.0.0/33", "is not a network or address; write it like 10.20.0.0/22"],
  ["10.20.0.1-10.20.0.9", "is not a network or address; write it like 10.20.0.0/22"],
  ["", "is not a network or address; write it like 10.20.0.0/22"],
])("%s is refused", (text, problem) => {
  expect(sourceProblem(text)).toBe(problem);
});

test("lists have one family and each source once, and are as long as Proxmox takes", () => {
  expect(sourceLists([])).toEqual([]);
  expect(sourceLists(["10.0.0.1", "2001:db8::/64", "10.0.0.1", "10.1.0.0/16"])).toEqual([
    "10.0.0.1,10.1.0.0/16",
    "2001:db8::/64",
  ]);
  const many = Array.from({ length: 100 }, (_, index) => `10.20.30.${100 + index}`);
  const lists = sourceLists(many);
  expect(lists.join(",").split(",")).toEqual(many);
  expect(lists.map(({ length }) => length)).toEqual([506, 506, 285]);
});
