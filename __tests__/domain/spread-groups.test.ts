import fc from "fast-check";
import { type SpreadVm, spreadGroups } from "../../domain/spread-groups";

const HOSTS = ["pve1", "pve2", "pve3", "pve4"];
const vms = fc.uniqueArray(
  fc.record({ vmId: fc.integer({ min: 100, max: 200 }), host: fc.constantFrom(...HOSTS) }),
  { selector: ({ vmId }) => vmId, maxLength: 40 },
);
/** Four hosts, with none or one of them left over. */
const capacity = fc.constantFrom(3, 4);

/** The group of each VM. */
const keysOf = (all: readonly SpreadVm[], places: number) =>
  new Map(spreadGroups(all, HOSTS, places).flatMap(({ key, vms }) => vms.map(({ vmId }) => [vmId, key])));

test.each<[string, string[], number, Record<string, number[]>]>([
  ["a host for each", ["pve1", "pve2", "pve3"], 3, { 1: [101, 102, 103] }],
  ["one host left over", ["pve1", "pve2", "pve3"], 2, { "extra-1": [101], 1: [102, 103] }],
  ["fewer than hosts", ["pve1", "pve3"], 2, { 1: [101, 102] }],
  ["more than hosts", ["pve1", "pve2", "pve3", "pve1"], 2, { "extra-1": [101], 1: [102, 103], 2: [104] }],
  [
    "two for each host",
    ["pve1", "pve2", "pve3", "pve1", "pve2", "pve3"],
    2,
    { "extra-1": [101, 105], 1: [102, 103], 2: [104, 106] },
  ],
])("%s", (_, hosts, places, expected) => {
  const all = hosts.map((host, index) => ({ vmId: 101 + index, host }));
  const groups = spreadGroups(all, ["pve3", "pve1", "pve2"], places);
  expect(Object.fromEntries(groups.map(({ key, vms }) => [key, vms.map(({ vmId }) => vmId)]))).toEqual(
    expected,
  );
});

test("each VM is in one group, which is not too large and has each host once", () => {
  fc.assert(
    fc.property(vms, capacity, (all, places) => {
      const groups = spreadGroups(all, HOSTS, places);
      const ids = groups.flatMap((group) => group.vms.map(({ vmId }) => vmId));
      expect(ids.sort()).toEqual(all.map(({ vmId }) => vmId).sort());
      for (const group of groups) {
        expect(group.vms.length).toBeLessThanOrEqual(places);
        expect(new Set(group.vms.map(({ host }) => host)).size).toBe(group.vms.length);
      }
    }),
  );
});

test("the order of the VMs decides nothing, and one more changes only groups of its host's VMs with a greater id", () => {
  fc.assert(
    fc.property(vms, capacity, (all, places) => {
      const [added, ...before] = all;
      // Where the VMs do not use all hosts yet, the first on another host changes more.
      if (added === undefined || new Set(before.map(({ host }) => host)).size < HOSTS.length) return;
      const [old, now] = [keysOf([...before].reverse(), places), keysOf(all, places)];
      for (const { vmId, host } of before) {
        if (host === added.host && vmId > added.vmId) continue;
        expect([vmId, now.get(vmId)]).toEqual([vmId, old.get(vmId)]);
      }
    }),
  );
});
