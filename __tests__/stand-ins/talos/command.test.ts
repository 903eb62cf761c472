import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killPrograms, startProgram } from "../../support/running-program";
import { TalosClient } from "./support/client";

const folder = mkdtempSync(join(tmpdir(), "talos-command-"));
afterEach(killPrograms);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (...args: string[]) => startProgram("stand-ins/main.ts", ["talos", ...args]);

test.each(["SIGTERM", "SIGINT"] as const)(
  "prints their addresses in one line, and ends on %s",
  async (signal) => {
    const program = start("--nodes", "cp-1=10.20.1.11,w-1", "--folder", folder, "--one-address");
    const ready = JSON.parse(await program.firstLine());
    const endpoint = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(ready).toEqual({
      nodes: [
        { name: "cp-1", address: "10.20.1.11", endpoint },
        { name: "w-1", address: "127.0.0.1", endpoint },
      ],
      control: { url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), token: expect.any(String) },
    });
    const client = TalosClient.insecure(ready.nodes[0].endpoint);
    await client.unary("Version", {}, { node: "10.20.1.11" });
    client.close();
    await program.says(/\ncp-1 machine\.MachineService\/Version os:reader OK \d+ ms\n$/);

    const { url, token } = ready.control;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${url}${path}`, { headers, ...init });
      return [answer.status, await answer.json()];
    };
    const [status] = await ask("/faults", { method: "POST", body: '{"kind":"unreachable","node":"w-1"}' });
    expect([status, await ask("/nodes")]).toMatchObject([
      200,
      [200, { data: [{ reachable: true }, { reachable: false }] }],
    ]);
    expect(await ask("/nodes/w-2", { method: "PATCH", body: '{"power":"off"}' })).toEqual([
      400,
      { message: 'no node "w-2"; there are cp-1, w-1' },
    ]);
    expect((await fetch(`${url}/nodes`)).status).toBe(401);

    program.child.kill(signal);
    expect(await program.ended).toBe(0);
    expect(program.lines()).toHaveLength(1);
    expect(existsSync(join(folder, "nodes.json"))).toBe(true);
  },
);

test.each([
  ["--nodes", "a,a", '"a,a" has a node without a name, or the same name twice'],
  ["--schematic", "abc", '"abc" is not a schematic id'],
])("an invalid %s is an error", async (option, value, text) => {
  const { ended, said } = start(option, value);
  expect(await ended).toBe(1);
  expect(said()).toContain(text);
});
