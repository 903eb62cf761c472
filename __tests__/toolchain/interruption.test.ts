import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { platform } from "../../toolchain/context";
import { buildsOf, fakeGo, type Machine, machine, NOWHERE } from "./fakes";

jest.setTimeout(60_000);

let on: Machine;
let runs: ChildProcess[];

beforeEach(() => {
  on = machine();
  runs = [];
});
afterEach(() => {
  for (const run of runs) run.kill("SIGKILL");
  on.remove();
});

const root = join(__dirname, "../..");
const cachedTofu = () => join(on.cacheDir, "opentofu", "1.12.6", platform(), "tofu");

/** Starts a run in a process of its own. */
function start() {
  const options = {
    env: on.env,
    cacheDir: on.cacheDir,
    releases: NOWHERE,
    registry: NOWHERE,
    heartbeatMs: 100,
  };
  const child = spawn(
    process.execPath,
    ["-r", "ts-node/register", join(__dirname, "resolve.ts"), JSON.stringify(options)],
    { cwd: root, env: { PATH: process.env.PATH, HOME: on.root }, stdio: ["ignore", "pipe", "inherit"] },
  );
  runs.push(child);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  return {
    child,
    ended: once(child, "close"),
    said: () => said,
    async says(text: string | RegExp) {
      while (!said.match(text)) {
        if (child.exitCode !== null) throw new Error(`ended without ${text}:\n${said}`);
        await sleep(20);
      }
    },
  };
}

/** A process, or a group by its negative id. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it("builds once when two runs start together, and the second says that it waits", async () => {
  const builds = fakeGo(on, { seconds: 2 });
  const [one, two] = [start(), start()];
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
  while (isAlive(-go)) await sleep(20);
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

it("does not take a half-written file for the result", async () => {
  const builds = fakeGo(on);
  const partial = join(dirname(cachedTofu()), "tofu.partial-abc");
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "tofu"), "half");
  const run = start();
  await run.ended;
  expect(buildsOf(builds)[0]).toContain("cmd/tofu");
  expect(existsSync(partial)).toBe(false);
});
