import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Machine, machine, says } from "../../toolchain/fakes";

jest.setTimeout(60_000);

const root = join(__dirname, "../../..");
let on: Machine;
beforeEach(() => {
  on = machine();
});
afterEach(() => {
  for (const pid of processesOn(on)) process.kill(pid, "SIGKILL");
  on.remove();
});

/** Processes with the machine's folder in their environment, which their children inherit. */
const processesOn = ({ root }: Machine): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(root);
      } catch {
        return false; // ended meanwhile, or someone else's
      }
    })
    .map(Number);

/** `npm run cost` with an OpenTofu that never ends while it is counted at `backend`. */
function startCost(backend: string) {
  const started = join(on.root, "started");
  const tofu = on.program(
    "tofu",
    `case $1:$PWD in
  -version:* | version:*) ${says("OpenTofu", "1.12.6")} ;;
  *:*/${backend}/*) echo $$ > ${started}; exec sleep 600 ;;
esac`,
  );
  const config = on.file("tofurc", "provider_installation {}\n");
  const child = spawn(
    process.execPath,
    [join(root, "node_modules/.bin/ts-node"), "--swc", "bench/cost/main.ts"],
    {
      cwd: root,
      env: { ...on.env, TERRAFORM_BINARY_NAME: tofu, TF_CLI_CONFIG_FILE: config },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  return { child, started, said: () => said, ended: once(child, "exit") };
}

test.each(["r2", "worker"])("Ctrl-C while %s is counted leaves no process and no folder", async (backend) => {
  const { child, started, said, ended } = startCost(backend);
  while (!existsSync(started)) {
    if (child.exitCode !== null) throw new Error(`it ended too early:\n${said()}`);
    await sleep(50);
  }
  expect(readdirSync(on.root)).toContainEqual(expect.stringMatching(/^cost-/));

  child.kill("SIGINT");
  expect({ code: await ended, said: said() }).toMatchObject({ code: [130, null] });
  while (processesOn(on).length > 0) await sleep(50);
  expect(readdirSync(on.root)).not.toContainEqual(expect.stringMatching(/^cost-/));
});
