import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProxmoxControl } from "../../../stand-ins/proxmox";
import { killPrograms, startProgram } from "../../support/running-program";

const dataDir = mkdtempSync(join(tmpdir(), "proxmox-command-"));
afterEach(killPrograms);
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const start = (...args: string[]) => startProgram("stand-ins/main.ts", ["proxmox", ...args]);

test.each(["SIGTERM", "SIGINT"] as const)(
  "prints its address in one line, and ends on %s",
  async (signal) => {
    const program = start("--hosts", "alpha,beta", "--data", dataDir);
    const ready = JSON.parse(await program.firstLine());
    expect(ready).toEqual({
      endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/$/),
      token: expect.stringMatching(/^tofu@pve!ci=[0-9a-f-]{36}$/),
      caFile: join(dataDir, "tls", "ca.pem"),
      env: {
        PROXMOX_VE_ENDPOINT: ready.endpoint,
        PROXMOX_VE_API_TOKEN: ready.token,
        SSL_CERT_FILE: ready.caFile,
      },
      control: { url: `${ready.endpoint}_control`, token: expect.any(String) },
    });
    const control = new ProxmoxControl({ ...ready.control, caFile: ready.caFile });
    expect(await control.listFaults()).toEqual([]);
    await control.close();

    program.child.kill(signal);
    expect(await program.ended).toBe(0);
    expect(program.lines()).toHaveLength(1);
    expect(existsSync(join(dataDir, "cluster.json"))).toBe(true);
  },
);

test("an invalid option is an error", async () => {
  const { ended, said } = start("--port", "high");
  expect(await ended).toBe(1);
  expect(said()).toContain('"high" is no port: give a number from 0 to 65535.');
});
