import { startTestWorker, type TestWorker } from "../support/harness";
import { suite } from "./suite";

describe.each(["on", "off"])("with S3 clients %s", (s3Clients) => {
  let worker: TestWorker;
  beforeAll(async () => {
    const vars = { TFSTATE_BASE_PATH: "/tfstate", TFSTATE_S3_CLIENTS: s3Clients };
    worker = await startTestWorker({ vars });
  });
  afterAll(() => worker.miniflare.dispose());

  for (const [subject, cases] of Object.entries(suite)) {
    describe(subject, () => {
      for (const { name, run } of cases) {
        test(name, () => run(worker.owner));
      }
    });
  }
});
