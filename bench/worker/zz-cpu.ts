import { peer, start, tfstate } from "./contenders";
import { cpuTime, workerdProcesses } from "./workerd-process";
import { spread } from "../statistics";
import { State, lockInfo, stateBody } from "../../__tests__/worker/conformance/client";
async function main() {
  const bytes = Number(process.argv[2] ?? 100000); const n = Number(process.argv[3] ?? 60);
  const p = await start(peer("/tmp/peer")); const pidP = workerdProcesses()[0]!; const o = await start(tfstate((process.argv[4] ?? "off") as any)); const pidO = workerdProcesses().find((x) => x !== pidP)!;
  const st: any = { peer: [new State(p.target, "one"), pidP], ours: [new State(o.target, "one"), pidO] };
  let serial = 1; const res: any = {};
  for (let r = 0; r < 8; r++) for (const k in st) {
    const [s, pid] = st[k]; const i = lockInfo();
    const measure = async (name: string, f: () => Promise<any>) => { const c0 = cpuTime(pid); await f(); const c1 = cpuTime(pid); if (r) (res[`${name} ${k}`] ??= []).push((c1 - c0) / n); };
    await measure("locks", async () => { for (let q = 0; q < n; q++) { const j = lockInfo(); await s.lock(j); await s.unlock(j); } });
    await s.lock(i);
    await measure("post", async () => { for (let q = 0; q < n; q++) { const x = await s.post(stateBody({ serial: ++serial, note: "x".repeat(bytes) }), i.ID); if (x.status > 299) throw x.text; } });
    await measure("get", async () => { for (let q = 0; q < n; q++) await s.get(); });
    await s.unlock(i);
  }
  const m = (k: string) => spread(res[k]).median; 
  for (const w of ["locks", "post", "get"]) console.log(w, "peer", m(`${w} peer`).toFixed(2), "ours", m(`${w} ours`).toFixed(2), (m(`${w} ours`) / m(`${w} peer`)).toFixed(2));
  const t = (k: string) => m(`locks ${k}`) + m(`post ${k}`) + m(`get ${k}`); console.log("cycle", t("peer").toFixed(2), t("ours").toFixed(2), (t("ours") / t("peer")).toFixed(3));
  process.exit(0);
}
main().catch((e) => { console.error(e); process.exit(1); });
