import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CDKTF_OPTIONS } from "../../cli/cdktf-options";
import { type PlanCommand, planOptions } from "../../cli/plan-options";
import { ROOT } from "../support/running-program";

test.each<[PlanCommand, string[], string]>([
  ["plan", ["--auto-approve"], "plan takes no --auto-approve: a plan changes nothing"],
  ["plan", ["--out"], "--out has no file"],
  ["drift", ["--lock-timeout=5m"], "drift takes no --lock-timeout: drift takes no lock"],
  ["drift", ["--allow", "cp-1"], "drift takes no --allow"],
  ["deploy", ["--outputs-file=x"], "deploy takes no --outputs-file: read the outputs with tofu output"],
  ["deploy", ["--lock-timeout=5"], "--lock-timeout 5 is no time with a unit"],
  ["deploy", ["--allow", "--summary"], "--allow has no name"],
  [
    "destroy",
    ["--auto-approve"],
    "destroy takes no --auto-approve: name what is to be destroyed with --yes NAME",
  ],
  ["destroy", ["--autoApprove"], "destroy takes no --auto-approve"],
  ["destroy", ["--yes"], "--yes has no name"],
  // As cdktf writes it, this asks. It must not be taken for an approval.
  ["deploy", ["--auto-approve=false"], "--auto-approve=false: --auto-approve takes no value; pass"],
  ["deploy", ["--autoApprove=false"], "--autoApprove=false: --auto-approve takes no value; pass"],
  [
    "destroy",
    ["--reset=false"],
    "--reset=false: --reset takes no value; pass --reset alone, or leave it out",
  ],
  [
    "plan",
    ["--alow", "cp-1"],
    "plan takes no --alow; did you mean --allow?\noptions: --cluster, --allow, --summary",
  ],
  ["deploy", ["--skip-sinth"], "deploy takes no --skip-sinth; did you mean --skip-synth?"],
  ["plan", ["-v"], "plan takes no -v\n"],
  ["apply", ["plan.bin", "--refresh-only"], "apply takes no --refresh-only\n"],
  ["apply", ["x", "--auto-approve"], "apply takes no --auto-approve: the plan is applied as it was reviewed"],
])("%s %j is refused with the way on", (command, given, message) => {
  expect(() => planOptions(command, given)).toThrow(message);
});

test("what is not ours is cdktf's", () => {
  const given = [
    "proxmox-access",
    "--allow=a,b",
    "--lock-timeout",
    "1m30s",
    "--allow",
    "c",
    "--var=x=1",
    "--autoApprove",
  ];
  expect(planOptions("deploy", given)).toEqual({
    allow: ["a", "b", "c"],
    lockTimeout: "1m30s",
    autoApprove: true,
    reset: false,
    rest: ["proxmox-access", "--var=x=1"],
  });
});

test("what cdktf writes in another way is known, too", () => {
  const given = [
    "-o=out",
    "--skipSynth",
    "--no-skip-provider-lock",
    "--no-color",
    "--terraform-parallelism",
    "-1",
  ];
  expect(planOptions("plan", given).rest).toEqual(given);
});

test.each(["synth", "diff"] as const)("the options of cdktf %s are those of its help", async (command) => {
  const { stdout } = await promisify(execFile)(join(ROOT, "node_modules/.bin/cdktf"), [command, "--help"], {
    cwd: ROOT,
  });
  const [, ...names] = [...stdout.matchAll(/^ +(?:-\w, )?(--[a-z-]+) /gm)].map(([, name]) => name);
  expect(["--version", ...names].sort()).toEqual([...CDKTF_OPTIONS[command], "--help"].sort());
});
