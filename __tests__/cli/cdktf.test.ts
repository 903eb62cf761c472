import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FakeMachine, fakeMachine, versionScript } from "../support/fake-machine";
import { killPrograms, ROOT, runProgram, startProgram } from "../support/running-program";
import { waitUntil } from "../support/wait-until";

let on: FakeMachine;

/** What a plan of the example needs. */
const SECRETS = {
  PROXMOX_VE_API_TOKEN: "token",
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: "secret",
  TF_VAR_state_passphrase: "passphrase",
  TF_HTTP_USERNAME: "owner",
  TF_HTTP_PASSWORD: "password",
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
  ["synth", ["--hcl"], "synth --hcl", "", ""],
  ["deploy", ["bootstrap", "--auto-approve"], "diff bootstrap", "", ""],
  [
    "deploy",
    ["--auto-approve", "--lock-timeout=5m", "--no-color"],
    "diff cluster --no-color",
    "",
    "-lock-timeout=5m",
  ],
  // Only a destroy lifts prevent_destroy.
  ["destroy", ["--yes", "talos"], "diff cluster", "all", "-destroy"],
])("%s %j is cdktf %s, with our tofu", async (command, args, expected, replace, options) => {
  const { said } = await run(command, ...args);
  expect(said).toContain(
    `args: ${expected}\ntofu: ${on.root}/bin/tofu\nreplace: ${replace}\nsecrets: ${replace}\noptions: ${options}\n`,
  );
});

it("lets cdktf keep what it has compiled, where the user has not said where", async () => {
  on.program("cdktf", 'echo "cache: $NODE_COMPILE_CACHE"');
  expect((await run("synth")).said).toContain(`cache: ${join(ROOT, "node_modules/.cache/v8")}\n`);
  on.env.NODE_COMPILE_CACHE = join(on.root, "cache/own");
  expect((await run("synth")).said).toContain(`cache: ${on.root}/cache/own\n`);
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

it("leaves out what stands on hosts that are down, in the plan that is applied", async () => {
  Object.assign(on.env, { TF_CLI_ARGS_plan: "-parallelism=2", HOSTS_DOWN: "pve3" });
  expect((await run("deploy", "--auto-approve")).said).toContain(
    "options: -parallelism=2 -exclude=terraform_data.hosts_down\n",
  );
  expect(await run("destroy", "--yes", "talos")).toEqual({
    code: 1,
    said: "HOSTS_DOWN=pve3 is set, and a destroy of everything needs all hosts; wait for them, or remove the other nodes from cluster.yaml and run npm run deploy\n",
  });
});

/** cdktf that leaves a plan, and OpenTofu that shows it. */
function planning(change: object, stack = "cluster"): void {
  const folder = join(on.root, "out/stacks", stack);
  on.file("plan.json", JSON.stringify({ format_version: "1.2", resource_changes: [change] }));
  on.file(`out/stacks/${stack}/cdk.tf.json`, "{}");
  on.file("state.json", '{"serial": 4, "lineage": "7f0c7a52"}');
  on.program("cdktf", `echo "the whole plan"; mkdir -p ${folder}; echo '{"saved"}' > ${folder}/plan`);
  tofuThat("echo applied: $*");
}

/** OpenTofu that shows the plan and the state. */
function tofuThat(applies: string): void {
  const { root } = on;
  const cases = [
    `show) cat ${root}/plan.json`,
    `state) cat ${root}/state.json`,
    "init) exit 0",
    `apply) ${applies}`,
    `*) ${versionScript("OpenTofu", "1.12.6")}`,
  ];
  on.program("tofu", `case "$1" in ${cases.join(";; ")};; esac`);
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

const updated = {
  address: "proxmox_virtual_environment_vm.w-1",
  type: "proxmox_virtual_environment_vm",
  name: "w-1",
  change: { actions: ["update"], before: { tags: ["by-hand"] }, after: { tags: [] } },
};
const removed = { ...updated, change: { actions: ["delete"], before: { name: "w-1" }, after: null } };
const inOut = (command: string, ...args: string[]) => run(command, ...args, "-o", join(on.root, "out"));
const planFile = () => join(on.root, "out/stacks/cluster/plan");

describe("a plan, which has every secret of the state in it where it is not encrypted,", () => {
  /** cdktf whose plan is written into the file that is there, as OpenTofu does. */
  const planningInTheClear = () => {
    planning(updated);
    on.program("cdktf", `/bin/ls -l ${planFile()}; echo PK > ${planFile()}`);
  };

  it.each([
    ["plan", 0],
    ["drift", 2],
  ])("is for this user alone, and gone after %s", async (command, expected) => {
    planningInTheClear();
    const { code, said } = await inOut(command);
    expect(code).toBe(expected);
    if (command === "plan") expect(said).toMatch(/^-rw------- /m);
    expect(existsSync(planFile())).toBe(false);
  });

  it("is gone after a failure and after a signal", async () => {
    planningInTheClear();
    tofuThat("exit 1");
    on.file("plan.json", "no JSON");
    expect((await inOut("plan")).code).toBe(1);
    expect(existsSync(planFile())).toBe(false);
    on.program(
      "tofu",
      `case "$1" in show) echo ready >&2; echo > ${on.root}/ready; exec sleep 60;; *) ${versionScript("OpenTofu", "1.12.6")};; esac`,
    );
    const { child, ended, said } = start("drift", "-o", join(on.root, "out"));
    await waitUntil(() => existsSync(join(on.root, "ready")));
    expect(existsSync(planFile())).toBe(true);
    child.kill("SIGTERM");
    expect([await ended, said()]).toEqual([1, expect.stringMatching(/stopped\n$/)]);
    expect(existsSync(planFile())).toBe(false);
  });
});

describe("a deploy", () => {
  const deploy = (...args: string[]) => inOut("deploy", "--auto-approve", ...args);

  it("applies the plan that was shown, waits for the lock, and leaves no plan behind", async () => {
    planning(updated);
    const { code, said } = await deploy("--lock-timeout", "5m");
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(
        /the whole plan\n1 to change in place\nw-1\n.*\napplied: apply -input=false -lock-timeout=5m plan\n$/s,
      ),
    ]);
    expect(existsSync(planFile())).toBe(false);
  });

  it("never applies what the guard refuses, with --auto-approve neither", async () => {
    planning(removed);
    const { code, said } = await deploy();
    expect([code, said]).toEqual([3, expect.stringContaining("refused: w-1 ")]);
    expect(said).not.toContain("applied");
    expect(existsSync(planFile())).toBe(false);
    expect((await deploy("--allow", "w-1")).said).toContain("applied");
  });

  it("says so where the state has changed while somebody thought it over", async () => {
    planning(updated);
    tofuThat("echo 'Error: Saved plan is stale' >&2; exit 1");
    expect(await deploy()).toEqual({
      code: 1,
      said: expect.stringContaining("nothing was applied: the state has changed since the plan was made"),
    });
  });

  it("of the first state waits for nobody, since OpenTofu compares nothing then", async () => {
    planning(updated);
    on.file("state.json", "");
    expect((await deploy("--lock-timeout", "5m")).said).toContain("applied: apply -input=false plan\n");
  });
});

describe("a plan is kept", () => {
  const file = () => join(on.root, "kept/plan.bin");
  const keep = (...args: string[]) => inOut("plan", "--out", file(), ...args);
  const apply = () => inOut("apply", file());

  it("and applied as it is", async () => {
    planning(updated);
    on.env.ALLOW_REPLACE = "cp-1";
    expect(await keep()).toEqual({ code: 0, said: expect.stringContaining(`kept in ${file()}`) });
    delete on.env.ALLOW_REPLACE;
    on.program("cdktf", 'echo "replace: $ALLOW_REPLACE, $*" >&2');
    const { code, said } = await apply();
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(
        /^replace: cp-1, synth -o \S+\n1 to change in place\n.*applied: apply -input=false plan\n$/s,
      ),
    ]);
  });

  it("for the cluster that it was made for", async () => {
    const worker = { TF_HTTP_USERNAME: "owner", TF_HTTP_PASSWORD: "password" };
    Object.assign(on.env, worker, { CLUSTER_CONFIG: "examples/two-clusters" });
    planning(updated, "staging");
    expect((await keep("--cluster", "staging")).code).toBe(0);
    on.program("cdktf", 'echo "of $CLUSTER_CONFIG" >&2');
    expect(await inOut("apply", file(), "--cluster", "production")).toEqual({
      code: 1,
      said: expect.stringContaining("is a plan for staging, not for --cluster production; leave it out"),
    });
    expect((await apply()).said).toMatch(
      /^of examples\/two-clusters\/clusters\/staging\/cluster.yaml\n.*\napplied: /s,
    );
  });

  it("not where it is refused, or where it is not encrypted", async () => {
    planning(removed);
    expect(await keep()).toEqual({ code: 3, said: expect.stringContaining("is not kept in") });
    expect(await keep("--allow", "w-1")).toMatchObject({ code: 0 });
    expect((await apply()).said).toContain("allowed by --allow w-1");
    planning(updated);
    on.program("cdktf", `echo PK > ${planFile()}`);
    expect(await keep()).toEqual({ code: 1, said: expect.stringContaining("because it is not encrypted") });
  });

  it("and no older one is taken for a new one that was refused", async () => {
    planning(updated);
    await keep();
    planning(removed);
    expect((await keep()).code).toBe(3);
    expect(await apply()).toEqual({ code: 1, said: expect.stringContaining("there is no plan in") });
  });

  it("and refused where something has changed since", async () => {
    planning(updated);
    await keep();
    on.file("state.json", '{"serial": 5, "lineage": "7f0c7a52"}');
    expect(await apply()).toEqual({
      code: 1,
      said: "nothing was applied: the state has changed since the plan was made: it had serial 4, and has 5 now; make a new plan\n",
    });
  });
});

describe("a destroy", () => {
  it("wants the name of the cluster, and shows what goes", async () => {
    planning(removed);
    expect(await inOut("destroy", "--yes", "prod")).toEqual({
      code: 1,
      said: "--yes prod is not what would be destroyed; that is talos: --yes talos\n",
    });
  });

  /** The example with its state in a file. */
  function withLocalState(serial: number): void {
    const state = on.file("cluster.tfstate", `{"version": 4, "serial": ${serial}, "lineage": "7f0c7a52"}`);
    const yaml = readFileSync("examples/six-nodes/cluster.yaml", "utf8");
    on.file("six-nodes/cluster.yaml", `${yaml}state: { backend: local, path: ${JSON.stringify(state)} }\n`);
    on.file("six-nodes/nodes.yaml", readFileSync("examples/six-nodes/nodes.yaml", "utf8"));
    on.env.CLUSTER_CONFIG = join(on.root, "six-nodes");
  }

  it("wipes no node where the state has changed since the plan was begun", async () => {
    planning(removed);
    withLocalState(3);
    expect(await inOut("destroy", "--yes", "talos", "--reset")).toEqual({
      code: 1,
      said: expect.stringMatching(
        /nothing was destroyed: the state has changed .* had serial 3, and has 4 now/,
      ),
    });
  });

  it("wipes no node where the state has changed since the plan was shown", async () => {
    planning(removed);
    withLocalState(4);
    on.file("later.json", '{"serial": 5, "lineage": "7f0c7a52"}');
    const { root } = on;
    on.program(
      "tofu",
      `case "$1" in show) cat ${root}/plan.json;; state) cat ${root}/state.json; cat ${root}/later.json > ${root}/state.json;; *) ${versionScript("OpenTofu", "1.12.6")};; esac`,
    );
    expect(await inOut("destroy", "--yes", "talos", "--reset")).toEqual({
      code: 1,
      said: expect.stringMatching(
        /nothing was destroyed: the state has changed .* has 5 now; make a new plan\n$/,
      ),
    });
  });

  it("of nothing is no error", async () => {
    planning({ ...updated, change: { actions: ["no-op"] } });
    expect(await inOut("destroy", "--yes", "talos")).toEqual({
      code: 0,
      said: expect.stringContaining("talos has nothing to destroy"),
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
  for (const [command = "", ...args] of [
    ["plan"],
    ["deploy", "--auto-approve"],
    ["destroy", "--yes", "talos"],
  ]) {
    expect(await run(command, ...args)).toEqual({
      code: 1,
      said: expect.stringContaining("TF_WORKSPACE=prod is set"),
    });
  }
  expect((await run("synth")).code).toBe(0);
});

it.each([
  ["deploy", "--auto-approve"],
  ["destroy", "--yes NAME"],
])("%s without a terminal says what to pass, and runs nothing", async (command, pass) => {
  expect(await run(command)).toEqual({
    code: 1,
    said: `${command} asks for approval, and there is no terminal to answer on; read what would change with npm run plan, then pass ${pass}: npm run ${command} -- ${pass}\n`,
  });
  expect((await run(command, "--help")).code).toBe(0);
});

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

it("applies nothing after a signal, though cdktf came to its end", async () => {
  planning(updated);
  const file = planFile();
  on.program(
    "cdktf",
    `trap ': > ${on.root}/stop' TERM; echo '{"saved"}' > ${file}; echo ready; while [ ! -e ${on.root}/stop ]; do sleep 0.1; done; exit 0`,
  );
  const { child, said, says, ended } = start("deploy", "--auto-approve", "-o", join(on.root, "out"));
  on.file("out/stacks/cluster/cdk.tf.json", "{}");
  await says("ready");
  child.kill("SIGTERM");
  expect(await ended).toBe(143);
  expect(said()).not.toContain("applied");
  expect(existsSync(file)).toBe(false);
});

it("is about one cluster", async () => {
  expect(await run("destroy", "--cluster", "staging", "--cluster=production", "--yes", "x")).toEqual({
    code: 1,
    said: "--cluster is there twice; name one cluster\n",
  });
});

it("refuses a command that it does not know", async () => {
  expect(await run("refresh")).toEqual({
    code: 1,
    said: '"refresh" is not a command; use one of synth, plan, drift, deploy, destroy, apply\n',
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
