import { join } from "node:path";
import { type FakeMachine, fakeMachine, versionScript } from "../support/fake-machine";
import { killPrograms, runProgram, startProgram } from "../support/running-program";

let on: FakeMachine;

/** What a plan of the example needs. */
const SECRETS = {
  PROXMOX_VE_API_TOKEN: "token",
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: "secret",
  TF_VAR_state_passphrase: "passphrase",
};

/** A machine with a tofu, a CLI configuration that says where providers are, and a cdktf that prints what it gets. */
beforeEach(() => {
  on = fakeMachine();
  on.env.CLUSTER_CONFIG = "examples/six-nodes";
  Object.assign(on.env, SECRETS);
  on.program("tofu", versionScript("OpenTofu", "1.12.6"));
  on.file("home/.tofurc", "provider_installation {\n  direct {}\n}\n");
  on.program(
    "cdktf",
    'echo "args: $*"; echo "tofu: $TERRAFORM_BINARY_NAME"; echo "replace: $ALLOW_REPLACE"; echo "secrets: $ALLOW_NEW_SECRETS"; echo "options: $TF_CLI_ARGS_plan"',
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
  ["deploy", ["--auto-approve"], "deploy cluster --auto-approve", ""],
  ["deploy", ["bootstrap", "--auto-approve"], "deploy bootstrap --auto-approve", ""],
  // Only a destroy lifts prevent_destroy.
  ["destroy", ["--auto-approve"], "destroy cluster --auto-approve", "all"],
])("%s %j is cdktf %s, with our tofu", async (command, args, expected, replace) => {
  const { code, said } = await run(command, ...args);
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining(`args: ${expected}\n`) });
  expect(said).toContain(`tofu: ${on.root}/bin/tofu\nreplace: ${replace}\nsecrets: ${replace}\noptions: \n`);
});

it("names each secret that is missing before anything runs, with both ways to give it", async () => {
  Object.assign(on.env, { PROXMOX_VE_API_TOKEN: "", TF_VAR_state_passphrase: "" });
  expect(await run("plan")).toEqual({
    code: 1,
    said:
      "PROXMOX_VE_API_TOKEN is not set; export PROXMOX_VE_API_TOKEN, or put proxmox_api_token into secrets.sops.yaml: npm run secrets -- edit\n" +
      "TF_VAR_state_passphrase is not set; export TF_VAR_state_passphrase, or put state_passphrase into secrets.sops.yaml: npm run secrets -- edit\n",
  });
  expect((await run("synth")).code).toBe(0);
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

/** cdktf that leaves a plan, and OpenTofu that shows it. */
function planning(change: object): void {
  const folder = join(on.root, "out/stacks/cluster");
  on.file("plan.json", JSON.stringify({ format_version: "1.2", resource_changes: [change] }));
  on.program("cdktf", `echo "the whole plan"; mkdir -p ${folder}; echo saved > ${folder}/plan`);
  const version = versionScript("OpenTofu", "1.12.6");
  on.program("tofu", `if [ "$1" = show ]; then cat ${on.root}/plan.json; else ${version}; fi`);
}

describe("a plan is reviewed", () => {
  const destroyed = {
    address: "proxmox_virtual_environment_vm.w-1",
    type: "proxmox_virtual_environment_vm",
    name: "w-1",
    action_reason: "delete_because_no_resource_config",
    change: { actions: ["delete"], before: { name: "w-1" }, after: null },
  };
  const plan = (...args: string[]) => run("plan", "-o", join(on.root, "out"), ...args);

  it("after cdktf has shown it, and what would be lost is exit code 3", async () => {
    planning(destroyed);
    const { code, said } = await plan();
    expect(code).toBe(3);
    expect(said).toMatch(/the whole plan.*1 to DESTROY.*refused: w-1 .*pass --allow w-1/s);
  });

  it("in short, or as JSON alone", async () => {
    planning(destroyed);
    expect(await plan("--summary", "--allow", "w-1")).toEqual({
      code: 0,
      said: expect.stringMatching(/^1 to DESTROY\nw-1\n/),
    });
    const { code, said } = await plan("--json", "--allow=w-1");
    expect([code, JSON.parse(said)]).toEqual([0, expect.objectContaining({ refused: [], hasChanges: true })]);
  });

  it("not by an older plan where cdktf fails or leaves none", async () => {
    planning(destroyed);
    await plan();
    on.program("cdktf", "echo why it failed; exit 1");
    expect(await plan("--json")).toEqual({ code: 1, said: "why it failed\n" });
    on.program("cdktf", "exit 0");
    expect(await plan()).toEqual({ code: 1, said: expect.stringContaining("cdktf left no plan in") });
  });

  it("with an allowance that has a name", async () => {
    planning(destroyed);
    for (const args of [["--allow"], ["--allow", "--summary"], ["--allow="]])
      expect(await plan(...args)).toEqual({ code: 1, said: expect.stringContaining("--allow has no name") });
    expect(await plan("--allow", "w-9")).toEqual({
      code: 1,
      said: expect.stringContaining("names nothing that this plan would lose; that is w-1"),
    });
  });
});

describe("drift is a plan without a lock, as a report", () => {
  const drift = (...args: string[]) => run("drift", "-o", join(on.root, "out"), ...args);
  const changed = {
    address: "proxmox_virtual_environment_vm.w-1",
    type: "proxmox_virtual_environment_vm",
    name: "w-1",
    change: { actions: ["update"], before: { tags: ["by-hand"] }, after: { tags: [] } },
  };

  it("with exit code 2 where something differs, and 0 where nothing does", async () => {
    planning(changed);
    const { code, said } = await drift();
    expect([code, said]).toEqual([
      2,
      expect.stringMatching(/^node +attribute +wanted +found\nw-1 +tags\[0\]/),
    ]);
    const json = await drift("--json");
    expect([json.code, JSON.parse(json.said)]).toEqual([
      2,
      { differences: [expect.objectContaining({ node: "w-1", found: "by-hand" })] },
    ]);
    planning({ ...changed, change: { actions: ["no-op"] } });
    expect(await drift()).toEqual({ code: 0, said: "no drift\n" });
  });

  it("with exit code 1 and what cdktf says where there is no plan", async () => {
    on.program("cdktf", 'echo "with $TF_CLI_ARGS_plan"; exit 7');
    on.env.TF_CLI_ARGS_plan = "-parallelism=3";
    expect(await drift()).toEqual({ code: 1, said: "with -parallelism=3 -lock=false\n" });
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
    said: '"apply" is not a command; use one of synth, plan, drift, deploy, destroy\n',
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
