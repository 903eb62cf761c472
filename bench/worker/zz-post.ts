import { lockInfo, State, stateBody } from "../../__tests__/worker/conformance/client";
import { spread } from "../statistics";
import { peer, start, tfstate } from "./contenders";

async function main() {
  const bytes = Number(process.argv[2] ?? 100000);
  const n = Number(process.argv[3] ?? 40);
  const p = await start(peer("/tmp/peer"));
  const o = await start(tfstate("off"));
  const res: any = {};
  const st: any = { peer: new State(p.target, "one"), ours: new State(o.target, "one") };
  const ids: any = {};
  let serial = 1;
  for (const k in st) {
    const i = lockInfo();
    await st[k].lock(i);
    ids[k] = i.ID;
  }
  for (let r = 0; r < 7; r++)
    for (const k in st) {
      const a: number[] = [];
      for (let i = 0; i < n; i++) {
        const b = stateBody({ serial: ++serial, note: "x".repeat(bytes) });
        const t0 = performance.now();
        const x = await st[k].post(b, ids[k]);
        if (x.status > 299) throw x.text;
        a.push(performance.now() - t0);
      }
      if (r) (res[k] ??= []).push(spread(a).median);
    }
  console.log(
    "peer",
    spread(res.peer).median.toFixed(2),
    "ours",
    spread(res.ours).median.toFixed(2),
    "ratio",
    spread(res.ours.map((x: number, i: number) => x / res.peer[i])).median.toFixed(2),
  );
  process.exit(0);
}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
