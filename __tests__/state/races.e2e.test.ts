import { snapshot } from "../../state/snapshot";
import { Laptop } from "./support/laptop";
import { type Places, startPlaces } from "./support/places";
import { StateProject } from "./support/project";

const ROUNDS = 50;

let places: Places;
const projects: StateProject[] = [];
beforeAll(async () => {
  places = await startPlaces();
});
afterAll(async () => {
  for (const project of projects) project.remove();
  await places.stop();
});

function clientOf(...place: readonly string[]): { readonly laptop: Laptop; serial(): Promise<number> } {
  const project = new StateProject({
    env: places.env,
    state: [...place, "encryption: { provider: off, reason: a test }"],
  });
  projects.push(project);
  const store = project.store(project.setting.config.backend);
  return {
    laptop: new Laptop(project),
    serial: async () => snapshot((await store.read()) ?? new Uint8Array(), store.address).serial,
  };
}

async function apply(laptop: Laptop, step: number): Promise<void> {
  const { exitCode, said } = await laptop.apply(step, "-lock-timeout=300s");
  // OpenTofu does not wait where the lock file goes between its put and its look at the holder.
  if (said.includes("PreconditionFailed") && said.includes("NoSuchKey")) return apply(laptop, step);
  if (exitCode !== 0) throw new Error(said);
}

const r2 = (name: string) => clientOf("backend: r2", `key: owner/${name}.tfstate`);
const worker = (name: string) => clientOf("backend: worker", `url: ${places.workerUrl}/states/${name}`);

test.each([
  ["on R2", "r2", [r2, r2, r2]],
  ["at the Worker", "worker", [worker, worker, worker]],
  ["of which the job is at the Worker, on one object", "both", [r2, r2, worker]],
])(
  `two laptops and a CI job %s, all at once: ${ROUNDS} applies, and none is lost`,
  async (_, name, kinds) => {
    const clients = kinds.map((kind) => kind(name));
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
