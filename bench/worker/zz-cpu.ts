import { execSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { lockInfo, State, stateBody } from "../../__tests__/worker/conformance/client";
import { spread } from "../statistics";
import { peer, start, tfstate } from "./contenders";

function workerds(): number[] {
  const all = readdirSync("/proc")
    .filter((x) => /^\d+$/.test(x))
    .map(Number);
  const pp = new Map<number, number>();
  const comm = new Map<number, string>();
  for (const p of all)
    try {
      const t = readFileSync(`/proc/${p}/stat`, "utf8");
      const m = /\((.*)\) \S (\d+)/.exec(t)!;
      pp.set(p, Number(m[2]));
      comm.set(p, m[1]!);
    } catch {}
  return all.filter((p) => {
    let q: number | undefined = p;
    while (q && q !== process.pid) q = pp.get(q);
    return q === process.pid && comm.get(p)!.startsWith("workerd");
  });
}
const cpu = (p: number) => {
  const f = readFileSync(`/proc/${p}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(f[11]) + Number(f[12])) * 10;
};
async function main() {
  const bytes = Number(process.argv[2] ?? 100000);
  const n = Number(process.argv[3] ?? 60);
  const p = await start(peer("/tmp/peer"));
  const pidP = workerds();
  const o = await start(tfstate((process.argv[4] ?? "off") as any));
  const pidO = workerds().filter((x) => !pidP.includes(x));
  const st: any = { peer: [new State(p.target, "one"), pidP], ours: [new State(o.target, "one"), pidO] };
  let serial = 1;
  const res: any = {};
  for (let r = 0; r < 6; r++)
    for (const k in st) {
      const [s, pids] = st[k];
      const i = lockInfo();
      const info: any = {};
      const measure = async (name: string, f: () => Promise<any>) => {
        const c0 = pids.map(cpu).reduce((a: number, b: number) => a + b, 0);
        await f();
        const c1 = pids.map(cpu).reduce((a: number, b: number) => a + b, 0);
        if (r) (res[`${name} ${k}`] ??= []).push((c1 - c0) / n);
      };
      await measure("locks", async () => {
        for (let q = 0; q < n; q++) {
          const j = lockInfo();
          await s.lock(j);
          await s.unlock(j);
        }
      });
      await s.lock(i);
      await measure("post", async () => {
        for (let q = 0; q < n; q++) {
          const x = await s.post(stateBody({ serial: ++serial, note: "x".repeat(bytes) }), i.ID);
          if (x.status > 299) throw x.text;
        }
      });
      await measure("get", async () => {
        for (let q = 0; q < n; q++) await s.get();
      });
      await s.unlock(i);
    }
  for (const k of Object.keys(res).sort()) console.log(k, "cpu ms", spread(res[k]).median.toFixed(2));
  process.exit(0);
}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
