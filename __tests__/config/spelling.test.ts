import fc from "fast-check";
import { closestWord, editDistance } from "../../config/spelling";

test.each([
  ["", "", 0],
  ["mtu", "mtu", 0],
  ["mtu", "mut", 1],
  ["name", "nmae", 1],
  ["address", "adress", 1],
  ["disk", "disks", 1],
  ["kitten", "sitting", 3],
  ["ab", "", 2],
])("from %j to %j it takes %i edits", (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
});

test("a distance is the same in both directions and zero for the same word alone", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test.each([
  ["node_cird", "node_cidr"],
  ["nodeCidr", "node_cidr"],
  ["cores", "vm_cores"],
  ["vmID", "vm_id"],
  ["nodecidr", "node_cidr"],
  ["cluster_pod_cird", "cluster_pod_cidr"],
  ["ip", undefined],
  ["labels", undefined],
  // Words of their own, with a word more or less than a key, or with another one.
  ["proxmox", undefined],
  ["cluster_cidr", undefined],
  ["proxmox_pool", undefined],
])("%s was meant to be %s", (word, meant) => {
  const known = ["node_cidr", "vm_cores", "vm_id", "address", "tags"];
  const longer = ["proxmox_ha", "proxmox_node", "cluster_pod_cidr"];
  expect(closestWord(word, [...known, ...longer])).toBe(meant);
});
