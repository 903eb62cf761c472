import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hasEnded } from "../../support/end-with-tests";
import { type FakeMachine, fakeMachine, versionScript } from "../../support/fake-machine";
import { processesWith } from "../../support/processes";
import { killPrograms, startProgram } from "../../support/running-program";
import { waitUntil } from "../../support/wait-until";

let on: FakeMachine;
beforeEach(() => {
  on = fakeMachine();
});
afterEach(() => {
  killPrograms();
  for (const pid of processesOfTheRun()) process.kill(pid, "SIGKILL");
  on.remove();
});

const processesOfTheRun = () => processesWith(on.root, "environ");

/** `npm run cost` with an OpenTofu that never ends while it is counted at `backend`. */
function startCost(backend: string) {
  const started = join(on.root, "started");
  const tofu = on.program(
    "tofu",
    `case $1:$PWD in
  -version:* | version:*) ${versionScript("OpenTofu", "1.12.6")} ;;
  *:*/${backend}/*) echo $$ > ${started}; exec sleep 600 ;;
esac`,
  );
  const config = on.file("tofurc", "provider_installation {}\n");
  const env = { ...on.env, TERRAFORM_BINARY_NAME: tofu, TF_CLI_CONFIG_FILE: config };
  return { started, program: startProgram("bench/cost/main.ts", [], { env }) };
}

test.each(["r2", "worker"])("Ctrl-C while %s is counted leaves no process and no folder", async (backend) => {
  const { started, program } = startCost(backend);
  await waitUntil(() => {
    if (hasEnded(program.child)) throw new Error(`it ended too early:\n${program.said()}`);
    return existsSync(started);
  });
  expect(readdirSync(on.root)).toContainEqual(expect.stringMatching(/^cost-/));

  program.child.kill("SIGINT");
  expect({ code: await program.ended, said: program.said() }).toMatchObject({ code: 130 });
  await waitUntil(() => processesOfTheRun().length === 0);
  expect(readdirSync(on.root)).not.toContainEqual(expect.stringMatching(/^cost-/));
});
