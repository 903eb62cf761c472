import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { platform } from "../../toolchain/context";
import { type FakeMachine, fakeMachine } from "../support/fake-machine";
import { isAlive } from "../support/processes";
import { killPrograms, startProgram } from "../support/running-program";
import { waitUntil } from "../support/wait-until";
import { buildsOf, fakeGo, NOWHERE } from "./support/fakes";

let on: FakeMachine;

beforeEach(() => {
  on = fakeMachine();
});
afterEach(() => {
  killPrograms();
  on.remove();
});

const cachedTofu = () => join(on.cacheDir, "opentofu", "1.12.6", platform(), "tofu");

/** Resolves the toolchain in a process of its own. */
function start() {
  const options = {
    env: on.env,
    cacheDir: on.cacheDir,
    releases: NOWHERE,
    registry: NOWHERE,
    heartbeatMs: 100,
  };
  return startProgram("__tests__/toolchain/support/resolve.ts", [JSON.stringify(options)], {
    env: { PATH: process.env.PATH, HOME: on.root },
  });
}

it("builds once when two runs start together, and the second says that it waits", async () => {
  const goOn = join(on.root, "go-on");
  const builds = fakeGo(on, { until: goOn });
  const [one, two] = [start(), start()];
  await Promise.race([one, two].map((run) => run.says("waiting for another run")));
  writeFileSync(goOn, "");
  await Promise.all([one.ended, two.ended]);
  for (const run of [one, two]) expect(run.said()).toContain(`resolved ${cachedTofu()}`);
  expect(one.said() + two.said()).toMatch(
    /OpenTofu 1\.12\.6: waiting for another run that makes it \(\d+s\)/,
  );
  expect(buildsOf(builds).filter((line) => line.includes("cmd/tofu"))).toHaveLength(1);
  expect(readdirSync(dirname(cachedTofu()))).toEqual(["tofu"]);
});

it.each(["SIGINT", "SIGTERM"] as const)("ends the build and cleans up on %s", async (signal) => {
  const builds = fakeGo(on, { seconds: 600 });
  const run = start();
  await run.says(/1 packages compiled/);
  const go = Number(buildsOf(builds)[0]?.split(" ")[1]);
  expect(isAlive(go)).toBe(true);

  run.child.kill(signal);
  await run.ended;
  expect(run.said()).toContain("AbortError");
  // The whole group: the compiler that go had started is gone as well, once init has reaped it.
  await waitUntil(() => !isAlive(-go));
  expect(readdirSync(dirname(cachedTofu()))).toEqual([]);
});

it("takes over from a run that was killed, and removes what it left", async () => {
  const builds = fakeGo(on, { seconds: 600 });
  const killed = start();
  await killed.says(/1 packages compiled/);
  killed.child.kill("SIGKILL");
  await killed.ended;
  process.kill(-Number(buildsOf(builds)[0]?.split(" ")[1]), "SIGKILL");
  expect(readdirSync(dirname(cachedTofu()))).toEqual(["tofu.lock", expect.stringMatching(/^tofu\.partial-/)]);

  // As if it had been killed a while ago.
  const old = new Date(Date.now() - 60_000);
  utimesSync(`${cachedTofu()}.lock`, old, old);
  fakeGo(on);
  const next = start();
  await next.ended;
  expect(next.said()).toContain(`resolved ${cachedTofu()}`);
  expect(readdirSync(dirname(cachedTofu()))).toEqual(["tofu"]);
});

it("does not use a half-written file", async () => {
  const builds = fakeGo(on);
  const partial = join(dirname(cachedTofu()), "tofu.partial-abc");
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "tofu"), "half");
  const run = start();
  await run.ended;
  expect(buildsOf(builds)[0]).toContain("cmd/tofu");
  expect(existsSync(partial)).toBe(false);
});
