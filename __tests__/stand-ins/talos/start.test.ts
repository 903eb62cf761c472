import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningTalos, startTalos } from "../../../stand-ins/talos";
import { refusal } from "./support/client";
import { TestCluster } from "./support/cluster";
import { machineConfig } from "./support/machine-config";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "talos-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("minimal: three nodes on one port", async () => {
  const talos = await startTalos();
  const [port] = talos.nodes.map(({ endpoint }) => endpoint.split(":")[1]);
  expect(talos.nodes).toEqual(
    [2, 3, 4].map((n) => ({
      name: `node-${n - 1}`,
      address: `127.0.0.${n}`,
      endpoint: `127.0.0.${n}:${port}`,
    })),
  );
  await talos.stop();
});

test("a port that is taken is an error, and leaves nothing open", async () => {
  const other = createServer().listen(0, "127.0.0.3");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await expect(startTalos({ port })).rejects.toThrow("EADDRINUSE");
  other.close();
  await once(other, "close");
  const talos = await startTalos({ port });
  expect(talos.nodes[0]?.endpoint).toBe(`127.0.0.2:${port}`);
  await talos.stop();
});

test("a folder keeps the nodes through a restart, readable by its owner only", async () => {
  const first = await TestCluster.start({ folder, nodes: [{ name: "a", address: "10.20.1.11" }] });
  await first.configure(0, machineConfig(first.secrets, "controlplane", { hostname: "cp-1" }));
  await first.secure(0).unary("Bootstrap");
  const before = first.node(0);
  await first.stop();

  expect(statSync(join(folder, "nodes.json")).mode & 0o777).toBe(0o600);
  const second = await TestCluster.start({ folder }, first.secrets);
  // The end of the process was a power cut.
  expect(second.node(0)).toEqual({ ...before, bootId: expect.any(String) });
  const again = second.secure(0).unary("Bootstrap", {}, { node: "10.20.1.11" });
  expect((await refusal(again)).code).toBe("ALREADY_EXISTS");
  await second.stop();
});

test("nodes whose ports another program has taken meanwhile get others", async () => {
  const options = { folder, nodes: [{ name: "a" }, { name: "b" }], oneAddress: true };
  const portsOf = ({ nodes }: RunningTalos) => nodes.map(({ endpoint }) => Number(endpoint.split(":")[1]));
  const first = await startTalos(options);
  const [a = 0, b = 0] = portsOf(first);
  expect(b).toBe(a + 1);
  await first.stop();
  const other = createServer().listen(b, "127.0.0.1");
  await once(other, "listening");
  const second = await startTalos(options);
  other.close();
  const [c = 0, d = 0] = portsOf(second);
  expect([c, d]).toEqual([expect.any(Number), c + 1]);
  expect([a, b]).not.toContain(d);
  // No outgoing connection takes a port below 32768.
  expect(Math.max(b, d)).toBeLessThan(32_768);
  await second.stop();
});

test("a file that is not JSON is not overwritten", async () => {
  writeFileSync(join(folder, "nodes.json"), "{");
  await expect(startTalos({ folder })).rejects.toThrow(/nodes\.json is not JSON: move it away/);
  expect(readFileSync(join(folder, "nodes.json"), "utf8")).toBe("{");
});
