import { lockInfo, State, stateBody } from "../../__tests__/worker/conformance/client";
import * as M from "../../worker/miniflare";
import { startMiniflare } from "../../worker/miniflare";
import { peer, start, tfstate } from "./contenders";

async function main() {
  const who = process.argv[2];
  const bytes = Number(process.argv[3]);
  const n = Number(process.argv[4]);
  const op = process.argv[5] ?? "post";
  const orig = (M as any).startMiniflare;
  let mf: any;
  const s = await start(
    who === "peer" ? peer("/tmp/peer") : tfstate("off"),
    undefined,
    (m: any) => {
      mf = m;
    },
    { inspectorPort: 0 },
  );
  const st = new State(s.target, "one");
  const i = lockInfo();
  await st.lock(i);
  let serial = 1;
  const run =
    op === "post"
      ? async () => {
          const r = await st.post(stateBody({ serial: ++serial, note: "x".repeat(bytes) }), i.ID);
          if (r.status > 299) throw r.text;
        }
      : op === "get"
        ? () => st.get()
        : async () => {
            const j = lockInfo();
            await st2.lock(j);
            await st2.unlock(j);
          };
  const st2 = new State(s.target, "two");
  await st.post(stateBody({ serial: 1, note: "x".repeat(bytes) }), i.ID);
  for (let k = 0; k < 50; k++) await run();
  const ins = await mf.getInspectorURL();
  const list: any = await (await fetch(`http://${ins.host}/json`)).json();
  const ws = new WebSocket(list[0].webSocketDebuggerUrl);
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
  let t0 = performance.now();
  for (let k = 0; k < n; k++) await run();
  console.log("without profiler", ((performance.now() - t0) / n).toFixed(2));
  await cmd("Profiler.enable");
  await cmd("Profiler.setSamplingInterval", { interval: 1000 });
  await cmd("Profiler.start");
  t0 = performance.now();
  for (let k = 0; k < n; k++) await run();
  const wall = performance.now() - t0;
  const { profile } = await cmd("Profiler.stop");
  const self = new Map<string, number>();
  const byId = new Map(profile.nodes.map((x: any) => [x.id, x]));
  let total = 0;
  profile.samples.forEach((s: number, i: number) => {
    const f = (byId.get(s) as any).callFrame;
    const k = `${f.functionName || "(anon)"} ${f.url.split("/").pop()}:${f.lineNumber}:${f.columnNumber}`;
    self.set(k, (self.get(k) ?? 0) + profile.timeDeltas[i]);
    if (f.functionName !== "(idle)") total += profile.timeDeltas[i];
  });
  console.log("wall", (wall / n).toFixed(2), "busy", (total / 1000 / n).toFixed(2));
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 22))
    console.log((v / 1000 / n).toFixed(3), k);
  process.exit(0);
}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
