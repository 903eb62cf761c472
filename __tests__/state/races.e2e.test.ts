import type { StateBackend } from "../../config";
import { snapshot } from "../../state/snapshot";
import { TofuClient } from "./support/tofu-client";
import { useBackends } from "./support/use-backends";

const ROUNDS = 50;

const backends = useBackends();

interface Client {
  readonly laptop: TofuClient;
  serial(): Promise<number>;
}

const clientOf =
  (backend: StateBackend) =>
  (name: string, isOneObject: boolean): Client => {
    const state = ["encryption: { provider: off, reason: a test }"];
    const project = backends.project({ backend, name, isOneObject, state });
    const store = project.store();
    return {
      laptop: new TofuClient(project),
      serial: async () => snapshot((await store.read()) ?? new Uint8Array(), store.address).serial,
    };
  };

async function apply(laptop: TofuClient, step: number): Promise<void> {
  const { exitCode, said } = await laptop.apply(step, "-lock-timeout=300s");
  // OpenTofu does not wait where the lock file goes between its put and its look at the holder.
  if (said.includes("PreconditionFailed") && said.includes("NoSuchKey")) return apply(laptop, step);
  if (exitCode !== 0) throw new Error(said);
}

const r2 = clientOf("r2");
const worker = clientOf("worker");

test.each([
  ["on R2", "r2", false, [r2, r2, r2]],
  ["at the Worker", "worker", false, [worker, worker, worker]],
  ["of which the job is at the Worker, on one object", "both", true, [r2, r2, worker]],
])(
  `two laptops and a CI job %s, all at once: ${ROUNDS} applies, and none is lost`,
  async (_, name, isOneObject, kinds) => {
    const clients = kinds.map((kind) => kind(name, isOneObject));
    const [one, other] = [clients[0], clients.at(-1)];
    if (!one || !other) throw new Error("no clients");
    for (const { laptop } of clients) await laptop.init();
    await apply(one.laptop, 0);
    const before = await one.serial();
    await apply(one.laptop, -1);
    const eachAdds = (await one.serial()) - before;
    expect(eachAdds).toBeGreaterThan(0);

    let round = 0;
    const applied = clients.map(() => 0);
    await Promise.all(
      clients.map(async ({ laptop }, index) => {
        while (round < ROUNDS) {
          await apply(laptop, ++round);
          applied[index] = (applied[index] ?? 0) + 1;
        }
      }),
    );
    // Who had read what another one was about to replace would have written a serial twice.
    expect(await one.serial()).toBe(before + (1 + ROUNDS) * eachAdds);
    expect(await other.serial()).toBe(await one.serial());
    expect(Math.min(...applied)).toBeGreaterThan(0);
  },
);
