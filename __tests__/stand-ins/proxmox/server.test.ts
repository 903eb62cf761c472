import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient } from "./support/api-client";

let dataDir: string;
const running: RunningProxmox[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(os.tmpdir(), "proxmox-test-"));
});
afterEach(async () => {
  for (const proxmox of running.splice(0)) await proxmox.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startProxmox>[0] = {}): Promise<RunningProxmox> {
  const proxmox = await startProxmox(options);
  running.push(proxmox);
  return proxmox;
}

test("minimal: three hosts, four storages, a token", async () => {
  const api = new ApiClient(await start());
  expect(await api.ok(api.get("/version"))).toMatchObject({ version: expect.stringMatching(/^9\./) });
  expect((await api.ok(api.get("/nodes"))).map(({ node }: { node: string }) => node)).toEqual([
    "pve1",
    "pve2",
    "pve3",
  ]);
  const storages = await api.ok(api.get("/nodes/pve1/storage"));
  expect(
    storages.map(({ storage, content, shared }: Record<string, unknown>) => [storage, content, shared]),
  ).toEqual([
    ["local", "iso,vztmpl,backup", 0],
    ["local-lvm", "images,rootdir", 0],
    ["nfs", "images,import,iso", 1],
    ["ceph", "images", 1],
  ]);
});

test("TLS 1.3 for 127.0.0.1 and localhost, trusted through its CA", async () => {
  const proxmox = await start();
  const ca = readFileSync(proxmox.caFile);
  const port = Number(new URL(proxmox.url).port);
  for (const host of ["127.0.0.1", "localhost"]) {
    const socket = connect({ host: "127.0.0.1", port, ca, servername: host === "localhost" ? host : "" });
    await once(socket, "secureConnect");
    expect([socket.authorized, socket.getProtocol()]).toEqual([true, "TLSv1.3"]);
    socket.destroy();
  }
  const old = connect({ host: "127.0.0.1", port, ca, maxVersion: "TLSv1.2" });
  await expect(once(old, "secureConnect")).rejects.toThrow(/alert protocol version/i);
});

test("everything is there after a restart, and nothing is left of a run in memory", async () => {
  const first = await start({ dataDir, hosts: ["a", "b"] });
  const api = new ApiClient(first);
  await api.task(api.post("/nodes/a/qemu", { vmid: 100, scsi0: "ceph:5" }));
  await api.task(api.post("/nodes/a/qemu/100/status/start"));
  const before = await api.ok(api.get("/nodes/a/qemu/100/config"));
  running.pop();
  await first.stop();

  const second = await start({ dataDir });
  expect([second.token, second.caFile]).toEqual([first.token, first.caFile]);
  const again = new ApiClient(second);
  expect(await again.ok(again.get("/nodes/a/qemu/100/config"))).toEqual(before);
  expect((await again.ok(again.get("/nodes/a/qemu/100/status/current"))).status).toBe("running");
  expect(readdirSync(dataDir).filter((name) => name.endsWith(".next"))).toEqual([]);

  const inMemory = await startProxmox();
  await inMemory.stop();
  expect(() => readFileSync(inMemory.caFile)).toThrow(/ENOENT/);
});

test("a data file that is not JSON is not overwritten", async () => {
  writeFileSync(join(dataDir, "cluster.json"), "{");
  await expect(startProxmox({ dataDir })).rejects.toThrow(
    /cluster\.json is not JSON: move it away to start with an empty cluster/,
  );
  expect(readFileSync(join(dataDir, "cluster.json"), "utf8")).toBe("{");
});

test("a task is over after a crash, and its VM stays locked", async () => {
  const proxmox = await start({ dataDir, timeScale: 1000 });
  const api = new ApiClient(proxmox);
  const upid = await api.ok(api.post("/nodes/pve1/qemu", { vmid: 100 }));
  expect((await api.ok(api.get("/nodes/pve1/qemu/100/status/current"))).lock).toBe("create");
  running.pop();
  await proxmox.stop();
  const again = new ApiClient(await start({ dataDir }));
  expect(await again.ok(again.get(`/nodes/pve1/tasks/${encodeURIComponent(upid)}/status`))).toMatchObject({
    status: "stopped",
    exitstatus: "unexpected status",
  });
  expect((await again.put("/nodes/pve1/qemu/100/config", { cores: 1 })).reason).toBe("VM is locked (create)");
});

test("tasks take time with a time scale", async () => {
  const proxmox = await start({ timeScale: 1000 });
  const api = new ApiClient(proxmox);
  const upid = await api.ok(api.post("/nodes/pve1/qemu", { vmid: 100 }));
  const path = `/nodes/pve1/tasks/${encodeURIComponent(upid)}/status`;
  expect((await api.ok(api.get(path))).status).toBe("running");
  await proxmox.control.setTimeScale(0.05);
  expect(await api.task(api.post("/nodes/pve1/qemu", { vmid: 101 }))).toBe("OK");
});

test("a call that is not served is answered with 501", async () => {
  const api = new ApiClient(await start());
  expect(await api.get("/cluster/sdn/zones")).toMatchObject({
    status: 501,
    reason: "Method 'GET /cluster/sdn/zones' not implemented",
  });
  expect((await api.get("/nodes/pve9/qemu")).reason).toMatch(/hostname lookup 'pve9' failed/);
});

test("a taken port is an error, and leaves no certificate behind", async () => {
  const proxmox = await start();
  jest.spyOn(os, "tmpdir").mockReturnValue(dataDir);
  await expect(startProxmox({ port: Number(new URL(proxmox.url).port) })).rejects.toThrow(/EADDRINUSE/);
  jest.restoreAllMocks();
  expect(readdirSync(dataDir)).toEqual([]);
});
