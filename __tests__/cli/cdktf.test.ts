import { join } from "node:path";
import { type FakeMachine, fakeMachine, versionScript } from "../support/fake-machine";
import { killPrograms, runProgram, startProgram } from "../support/running-program";

let on: FakeMachine;

/** A machine with a tofu, a CLI configuration that says where providers are, and a cdktf that prints what it gets. */
beforeEach(() => {
  on = fakeMachine();
  on.program("tofu", versionScript("OpenTofu", "1.12.6"));
  on.file("home/.tofurc", "provider_installation {\n  direct {}\n}\n");
  on.program(
    "cdktf",
    'echo "args: $*"; echo "tofu: $TERRAFORM_BINARY_NAME"; echo "replace: $ALLOW_REPLACE"; echo "options: $TF_CLI_ARGS_plan"',
  );
});
afterEach(() => {
  killPrograms();
  on.remove();
});

const options = () => ({ env: { ...on.env, XDG_CACHE_HOME: join(on.root, "cache") } });
const start = (...args: string[]) => startProgram("cli/cdktf.ts", args, options());
const run = (...args: string[]) => runProgram("cli/cdktf.ts", args, options());

it.each([
  ["synth", ["--hcl"], "synth --hcl", ""],
  ["plan", [], "diff cluster", ""],
  ["deploy", ["--auto-approve"], "deploy cluster --auto-approve", ""],
  ["deploy", ["bootstrap", "--auto-approve"], "deploy bootstrap --auto-approve", ""],
  // Only a destroy lifts prevent_destroy.
  ["destroy", ["--auto-approve"], "destroy cluster --auto-approve", "all"],
])("%s %j is cdktf %s, with our tofu", async (command, args, expected, replace) => {
  const { code, said } = await run(command, ...args);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining(`args: ${expected}\n`) });
  expect(said).toContain(`tofu: ${on.root}/bin/tofu\nreplace: ${replace}\noptions: \n`);
});

it("leaves out what stands on hosts that are down, in whatever cdktf runs", async () => {
  const shows = ["plan", "apply"].map((each) => `echo "${each}: $TF_CLI_ARGS_${each}"`);
  on.program("cdktf", shows.join("; "));
  Object.assign(on.env, { TF_CLI_ARGS_plan: "-parallelism=2", HOSTS_DOWN: "pve3" });
  const exclude = "-exclude=terraform_data.hosts_down";
  expect((await run("deploy", "--auto-approve")).said).toContain(
    `plan: -parallelism=2 ${exclude}\napply: ${exclude}\n`,
  );
  expect(await run("destroy", "--auto-approve")).toEqual({
    code: 1,
    said: "HOSTS_DOWN=pve3 is set, and a destroy of everything needs all hosts; wait for them, or remove the other nodes from cluster.yaml and run npm run deploy\n",
  });
});

it("refuses a workspace, in which there is no state", async () => {
  on.env.TF_WORKSPACE = "prod";
  for (const command of ["plan", "deploy", "destroy"]) {
    expect(await run(command, "--auto-approve")).toEqual({
      code: 1,
      said: expect.stringContaining("TF_WORKSPACE=prod is set"),
    });
  }
  expect((await run("synth")).code).toBe(0);
});

it.each(["deploy", "destroy"])(
  "%s without a terminal says what to pass, and runs nothing",
  async (command) => {
    expect(await run(command)).toEqual({
      code: 1,
      said: `${command} asks for approval, and there is no terminal to answer on; read what would change with npm run plan, then pass --auto-approve: npm run ${command} -- --auto-approve\n`,
    });
    expect((await run(command, "--help")).code).toBe(0);
  },
);

it("passes the exit code on", async () => {
  on.program("cdktf", "exit 7");
  expect((await run("deploy", "--auto-approve")).code).toBe(7);
});

it.each([
  ["SIGTERM", 15],
  ["SIGINT", 2],
] as const)("passes %s on, and waits for cdktf to end", async (signal, number) => {
  on.program(
    "cdktf",
    `trap 'echo tidied up; exit ${128 + number}' INT TERM; echo ready; while :; do sleep 0.1; done`,
  );
  const { child, said, says, ended } = start("deploy", "--auto-approve");
  await says("ready");
  child.kill(signal);
  expect(await ended).toBe(128 + number);
  expect(said()).toContain("tidied up");
});

it("refuses a command that it does not know", async () => {
  expect(await run("apply")).toEqual({
    code: 1,
    said: '"apply" is not a command; use one of synth, plan, deploy, destroy\n',
  });
});

it("says in one message what is wrong with the toolchain", async () => {
  on.program("tofu", versionScript("Terraform", "1.14.0"));
  on.env.TERRAFORM_BINARY_NAME = "tofu";
  const { code, said } = await run("plan");
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringMatching(/^TERRAFORM_BINARY_NAME is "tofu", which is Terraform 1\.14\.0[^\n]*\n$/),
  });
});
