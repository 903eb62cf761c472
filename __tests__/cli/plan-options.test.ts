import { type PlanCommand, planOptions } from "../../cli/plan-options";

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
