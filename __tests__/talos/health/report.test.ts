import { healthText } from "../../../talos/health/report";
import type { Certificate } from "../../../talos/read/certificate";

const NOW = new Date("2026-11-28T12:00:00Z");
const DAY_MS = 86_400_000;

const certificate = (
  name: string,
  renewedBy: Certificate["renewedBy"],
  [since, left]: readonly [number, number],
): Certificate => ({
  name,
  renewedBy,
  notBefore: new Date(NOW.getTime() - since * DAY_MS),
  notAfter: new Date(NOW.getTime() + left * DAY_MS),
});
const said = (...certificates: readonly Certificate[]) =>
  healthText({ nodes: [], etcd: [], etcdSizes: new Map(), certificates }, [], NOW).split("\n\n").at(-2);

const OURS = certificate("CA of Talos", "you", [10, 3640]);
const FRESH = certificate("Talos API of cp-1", "talos", [0.25, 0.75]);

test("the few days of a certificate that Talos renews by itself frighten nobody", () => {
  expect(said(OURS, FRESH, FRESH)).toBe(
    "certificate  days left  renewed\nCA of Talos  3640       by you\n" +
      "2 more, which Talos renews by itself: npm run certificates -- status lists them",
  );
});

test("one that Talos should have renewed is shown", () => {
  const late = certificate("Talos API of cp-2", "talos", [0.95, 0.05]);
  expect(said(OURS, late)).toMatch(/^Talos API of cp-2 +0 +by Talos itself$/m);
  expect(said(OURS, late)).not.toContain("more");
});
