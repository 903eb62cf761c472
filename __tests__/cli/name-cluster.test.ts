import { join } from "node:path";
import { nameCluster } from "../../cli/name-cluster";
import { inheritedEnv } from "../support/inherited-env";
import { startProgram } from "../support/running-program";

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
  ["npm run etcd -- snapshot FILE", "npm run etcd -- snapshot --cluster staging FILE"],
  ["npm run tofu -- state rm x", "npm run tofu -- --cluster staging state rm x"],
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

test("whatever a command writes names the cluster: errors, progress and results, but no bytes", async () => {
  const program = startProgram(join(__dirname, "support/advice.ts"), [], { env: inheritedEnv() });
  expect(await program.ended).toBe(1);
  expect(program.lines()).toEqual(["npm run plan -- --cluster staging", "npm run plan"]);
  const told = program.said().match(/npm run deploy.*/g);
  expect(told).toEqual(
    ["progress", "direct", "error"].map((what) => `npm run deploy -- --cluster staging # ${what}`),
  );
});
