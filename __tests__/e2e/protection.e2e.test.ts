import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";

const small = { disk: { storage: "local-lvm", sizeGiB: 10 } };
const withWorker = (protection: boolean, vmId = 7021) =>
  cluster([controlPlane(1, small), worker(1, { ...small, vmId, protection })], { bootMode: "iso" });
const withoutWorker = cluster([controlPlane(1, small)], { bootMode: "iso" });

let deployment: Deployment;
beforeEach(async () => {
  deployment = await Deployment.start();
  await deployment.deploy(withWorker(true));
  expect(await deployment.project.plannedActions()).toEqual({});
});
afterEach(() => deployment.stop());

/** Runs and wants it to fail on the protected VM, with nothing done to any VM. */
async function wantRefusal(run: () => Promise<{ exitCode: number; said: string }>): Promise<void> {
  const before = await deployment.guests();
  await deployment.control.clearRequests();
  const { exitCode, said } = await run();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("error stopping VM")]);
  const writes = (await deployment.control.listRequests()).filter(({ method }) => method !== "GET");
  expect(writes.filter(({ path }) => path.includes("/7021"))).toEqual([]);
  expect((await deployment.guests()).get(7021)).toEqual(before.get(7021));
}

test("a protected VM that is no longer in the file is refused at plan; without protection it goes", async () => {
  deployment.write(withoutWorker);
  const before = await deployment.guests();
  const { exitCode, said } = await deployment.project.plan();
  expect([exitCode, said]).toEqual([1, expect.stringContaining('terraform_data.protected["worker-1"]')]);
  expect(said).toContain("cannot be destroyed");
  expect(await deployment.guests()).toEqual(before);

  await deployment.deploy(withWorker(false));
  expect(await deployment.project.plannedActions()).toEqual({});
  await deployment.deploy(withoutWorker);
  expect([...(await deployment.guests()).keys()]).toEqual([7011]);
});

test("a protection that the file has given up counts until that is deployed", async () => {
  deployment.write({ ...withWorker(false, 7099), allowReplace: ["worker-1"] });
  await wantRefusal(() => deployment.project.apply());
  deployment.write({ ...withWorker(false), allowReplace: "all" });
  await wantRefusal(() => deployment.project.destroy());
});

test("a destroy of everything is refused at plan, and touches no VM", async () => {
  deployment.write({ ...withWorker(true), allowReplace: "all" });
  const before = await deployment.guests();
  const { exitCode, said } = await deployment.project.destroy();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("cannot be destroyed")]);
  expect(await deployment.guests()).toEqual(before);
});
