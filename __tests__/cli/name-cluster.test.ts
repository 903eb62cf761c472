import { nameCluster } from "../../cli/name-cluster";

test.each([
  ["run npm run plan again", "run npm run plan -- --cluster staging again"],
  [
    "fix it, then run `npm run deploy -- --allow cp-1`",
    "fix it, then run `npm run deploy -- --cluster staging --allow cp-1`",
  ],
  ["npm run -s state -- unlock ID", "npm run -s state -- --cluster staging unlock ID"],
  [
    "npm run diff shows it; npm run plan",
    "npm run diff -- --cluster staging shows it; npm run plan -- --cluster staging",
  ],
  ["npm run secrets -- edit", "npm run secrets -- --cluster staging edit"],
  ["npm run local -- proxmox", "npm run local -- proxmox"],
  // They know which, or are for all.
  ["npm run apply -- plan.bin", "npm run apply -- plan.bin"],
  ["npm run bootstrap -- destroy", "npm run bootstrap -- destroy"],
  ["npm run state -- versions --cluster staging", "npm run state -- versions --cluster staging"],
])("%s", (message, expected) => {
  expect(nameCluster(`it failed: ${message}`, "staging")).toBe(`it failed: ${expected}`);
});

test("where there is one cluster, or CLUSTER_CONFIG names it, commands stay as they are", () => {
  expect(nameCluster("run npm run plan again")).toBe("run npm run plan again");
});
