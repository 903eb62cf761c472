import { startTestWorker, type TestWorker } from "../support/harness";
import { suite } from "./suite";

let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker({ vars: { TFSTATE_BASE_PATH: "/tfstate" } });
}, 60_000);
afterAll(() => worker.stop());

for (const [subject, cases] of Object.entries(suite)) {
  describe(subject, () => {
    for (const { name, run } of cases) {
      test(name, () => run(worker.owner), 120_000);
    }
  });
}
