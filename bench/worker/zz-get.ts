import { lockInfo, State, send, stateBody } from "../../__tests__/worker/conformance/client";
import { spread } from "../statistics";
import { peer, start, tfstate } from "./contenders";

async function main() {
  const p = await start(peer("/tmp/peer"));
  const o = await start(tfstate("off"));
  for (const t of [p, o]) {
    const s = new State(t.target, "one");
    const i = lockInfo();
    await s.lock(i);
    await s.post(stateBody({ serial: 1, note: "x".repeat(100000) }), i.ID);
  }
  const res: any = {};
  for (let r = 0; r < 6; r++)
    for (const [n, t] of [
      ["peer", p],
      ["ours", o],
    ] as const)
      for (const path of ["/health", "/states/one/lock", "/states/one", "/states/none"]) {
        const a: number[] = [];
        for (let i = 0; i < 30; i++) {
          const t0 = performance.now();
          await send(t.target, "GET", path);
          a.push(performance.now() - t0);
        }
        if (r) (res[n + " " + path] ??= []).push(spread(a).median);
      }
  for (const k in res) console.log(k, spread(res[k]).median.toFixed(2));
  process.exit(0);
}
main();
