import { join } from "node:path";
import { CHECKS } from "../../doctor";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { inheritedEnv } from "../support/inherited-env";
import { ROOT, startProgram } from "../support/running-program";

/* `npm run doctor` on the six-node example: its output and exit codes. The checks themselves are tested in __tests__/doctor. */

let proxmox: RunningProxmox;
beforeAll(async () => {
  proxmox = await startProxmox();
});
afterAll(() => proxmox.stop());

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = startProgram("cli/doctor.ts", args, {
    env: { ...inheritedEnv(), CLUSTER_CONFIG: join(ROOT, "examples/six-nodes"), ...proxmox.env, ...env },
  });
  const code = await program.ended;
  return { code, said: program.said(), out: program.lines() };
}

test("all checks run: each has a line, what fails is counted, and nothing is changed", async () => {
  await proxmox.control.clearRequests();
  const { code, out } = await run(["--json"], { STATE_BACKEND: "r2" });
  const report = JSON.parse(out.join("\n")) as {
    lines: { check: string; status: string; text: string }[];
    failed: number;
  };
  expect(new Set(report.lines.map(({ check }) => check))).toEqual(new Set(CHECKS.map(({ name }) => name)));
  const of = (check: string) => report.lines.filter((line) => line.check === check);
  expect(of("proxmox")).toEqual([{ check: "proxmox", status: "pass", text: "Proxmox VE 9.2.11" }]);
  expect(of("vm-ids")).toEqual([
    expect.objectContaining({ status: "pass", text: "0 of 6 ids are of our VMs, 6 are free" }),
  ]);
  // No credentials and no passphrase were given.
  expect(of("state")).toEqual([
    expect.objectContaining({ status: "fail", text: expect.stringMatching(/^AWS_\w+ is not set$/) }),
  ]);
  expect(of("passphrase")).toEqual([
    expect.objectContaining({ status: "fail", text: "TF_VAR_state_passphrase is not set" }),
  ]);
  expect({ code, failed: report.failed }).toEqual({
    code: 1,
    failed: report.lines.filter(({ status }) => status === "fail").length,
  });
  const requests = await proxmox.control.listRequests();
  expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
});

test("0 where all passes, 2 where something warns, and without colours where no terminal is", async () => {
  expect(await run(["bridges", "clock"])).toMatchObject({
    code: 0,
    out: [
      "pass  bridges  bridge vmbr0 on pve1, with VLAN 7",
      expect.stringMatching(/^pass {2}clock {4}this machine's clock is \d+ s/),
      "2 passed, 0 warned, 0 failed",
    ],
  });
  await proxmox.control.setBridges("pve1", { vmbr0: { active: false } });
  expect(await run(["bridges"])).toMatchObject({
    code: 2,
    out: [
      "warn  bridges  bridge vmbr0 on pve1 is not active",
      "               → apply the network configuration of pve1",
      "0 passed, 1 warned, 0 failed",
    ],
  });
});

test("what still runs is said, on the other stream", async () => {
  await proxmox.control.addFault({ kind: "delay", delayMs: 2_500, path: "/version", times: null });
  const { said, out } = await run(["--json", "clock", "node"]);
  expect(said).toContain("still checking: clock\n");
  expect(JSON.parse(out.join("\n"))).toMatchObject({ passed: 2 });
  await proxmox.control.removeFault();
});

test.each([
  [["nonsense"], {}, /value 'nonsense' is invalid.*Allowed choices are config, node/],
  [["--cluster", "x"], {}, /--cluster/],
  [[], { CLUSTER_CONFIG: "/nowhere" }, /\/nowhere/],
])("%j is refused", async (args, env, text) => {
  const { code, said } = await run(args, env);
  expect(code).toBe(1);
  expect(said).toMatch(text);
  expect(said).not.toMatch(/^ {4}at /m);
});

test("the help names the checks and the exit codes", async () => {
  const { code, said } = await run(["--help"]);
  expect(code).toBe(0);
  for (const { name, about } of CHECKS) expect(said).toContain(`${name.padEnd(14)} ${about}`);
  expect(said).toContain("exit codes: 0 everything passes, 1 something fails, 2 something warns");
});
