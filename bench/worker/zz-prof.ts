import { readFileSync } from "node:fs";
import { bundleWorker } from "../../worker/build";
import { compatibilityDate, compatibilityFlags } from "../../worker/compatibility";
import { startMiniflare } from "../../worker/miniflare";
import { Cycles } from "./cycle";

async function main() {
  const bytes = Number(process.argv[2]);
  const n = Number(process.argv[3]);
  const miniflare = await startMiniflare({
    name: "c",
    modules: [{ type: "ESModule", path: "index.mjs", contents: await bundleWorker() }],
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    bindings: {
      TFSTATE_USERNAME: "owner",
      TFSTATE_PASSWORD: "correct horse battery staple",
      TFSTATE_S3_CLIENTS: "off",
    },
    r2Buckets: ["BUCKET"],
    durableObjects: {
      STATE: { className: "StateObject", useSQLite: true },
      DIRECTORY: { className: "Directory", useSQLite: true },
    },
    host: "127.0.0.1",
    port: 0,
    cf: false,
    inspectorPort: 0,
    handleRuntimeStdio(a, b) {
      a.resume();
      b.resume();
    },
  });
  const url = (await miniflare.ready).origin;
  const target = { url, username: "owner", password: "correct horse battery staple" };
  const c = new Cycles(target, bytes);
  for (let i = 0; i < 20; i++) await c.run();
  const ins = await miniflare.getInspectorURL();
  const list: any = await (await fetch(`http://${ins.host}/json`)).json();
  const ws = new WebSocket(
    list.find((l: any) => /c$/.test(l.webSocketDebuggerUrl))?.webSocketDebuggerUrl ??
      list[0].webSocketDebuggerUrl,
  );
  await new Promise((r) => ws.addEventListener("open", r));
  let id = 0;
  const pend = new Map();
  ws.addEventListener("message", (m: any) => {
    const d = JSON.parse(m.data);
    pend.get(d.id)?.(d.result);
  });
  const cmd = (method: string, params = {}) =>
    new Promise<any>((r) => {
      pend.set(++id, r);
      ws.send(JSON.stringify({ id, method, params }));
    });
  await cmd("Profiler.enable");
  await cmd("Profiler.setSamplingInterval", { interval: 200 });
  await cmd("Profiler.start");
  const t0 = performance.now();
  for (let i = 0; i < n; i++) await c.run();
  const wall = performance.now() - t0;
  const { profile } = await cmd("Profiler.stop");
  const self = new Map<string, number>();
  const byId = new Map(profile.nodes.map((x: any) => [x.id, x]));
  profile.samples.forEach((s: number, i: number) => {
    const f = (byId.get(s) as any).callFrame;
    const k = `${f.functionName || "(anon)"} ${f.url.split("/").pop()}:${f.lineNumber}:${f.columnNumber}`;
    self.set(k, (self.get(k) ?? 0) + profile.timeDeltas[i]);
  });
  console.log("wall/cycle", (wall / n).toFixed(2));
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 25))
    console.log((v / 1000 / n).toFixed(3), "ms/cycle", k);
  process.exit(0);
}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
