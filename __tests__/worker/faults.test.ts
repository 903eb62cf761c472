import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { runSchedule } from "./support/fault-schedule";
import { startTestWorker, type TestWorker } from "./support/harness";

/** `FAULT_SEED=17 npx jest faults` runs one schedule again; `FAULT_SCHEDULES=5000` runs more of them. */
const only = process.env.FAULT_SEED;
const count = Number(process.env.FAULT_SCHEDULES ?? 80);
const atOnce = 8;

const password = "the password of mallory";
describe.each(["on", "off"])("with S3 clients %s", (s3Clients) => {
  let worker: TestWorker;
  beforeAll(async () => {
    const script = await bundleWorker(join(__dirname, "support/runtime", "faulty-worker.ts"));
    const mallory = {
      name: "mallory",
      namespace: "owner",
      password,
      scopes: ["read", "write", "lock", "admin"],
    };
    const vars = { TFSTATE_S3_CLIENTS: s3Clients, TFSTATE_USERS: JSON.stringify([mallory]) };
    worker = await startTestWorker({ script, vars });
  });
  afterAll(() => worker.miniflare.dispose());

  test(
    `nothing is lost in ${only ? `the schedule of seed ${only}` : `${count} random schedules`} with faults of R2 and SQLite, crashes and lost answers`,
    async () => {
      const bucket = (await worker.miniflare.getR2Bucket("BUCKET")) as never;
      const stranger = worker.as("mallory", password);
      const backend = { target: worker.owner, stranger, bucket, servesS3Clients: s3Clients === "on" };
      const first = only ? Number(only) : Math.floor(Math.random() * 1e9);
      const seeds = Array.from({ length: only ? 1 : count }, (_, at) => first + at);
      const runNext = async (): Promise<void> => {
        for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) await runSchedule(backend, seed);
      };
      await Promise.all(Array.from({ length: atOnce }, runNext));
    },
    60_000 + count * 10_000,
  );
});
