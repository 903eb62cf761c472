import { spread } from "../statistics";
import { bare, peer, start, tfstate } from "./contenders";
import { Cycles, STEPS } from "./cycle";

async function main() {
  const [bytes, states, cycles, rounds, d] = process.argv.slice(2).map(Number) as number[];
  const delays = d ? { r2: 40, object: 10 } : undefined;
  const cs = [peer("/tmp/peer"), tfstate("on"), tfstate("off")];
  const started = [];
  for (const c of cs) started.push(await start(c, delays));
  const found = cs.map(() => ({ all: [] as any[], rate: [] as number[] }));
  for (let r = 0; r <= rounds; r++) {
    const order = cs.map((_, i) => i);
    if (r % 2) order.reverse();
    for (const i of order) {
      const runs = Array.from({ length: states }, () => new Cycles(started[i].target, bytes));
      const t0 = performance.now();
      const times: any[] = [];
      await Promise.all(
        runs.map(async (run) => {
          for (let k = 0; k < cycles; k++) times.push(await run.run());
        }),
      );
      if (r > 0) {
        found[i].all.push(...times);
        found[i].rate.push(((states * cycles) / (performance.now() - t0)) * 1000);
      }
    }
  }
  for (const [i, c] of cs.entries()) {
    const f = found[i].all;
    const line = STEPS.map((s) => `${s} ${spread(f.map((t) => t[s])).median.toFixed(1)}`).join("  ");
    console.log(
      c.name.padEnd(16),
      line,
      " cycle",
      spread(f.map((t) => t.LOCK + t.GET + t.POST + t.UNLOCK)).median.toFixed(1),
      " /s",
      spread(found[i].rate).median.toFixed(1),
    );
  }
  for (const s of started) await s.stop();
  process.exit(0);
}
main().catch((e) => {
  console.error(e);
  process.exit(1);
});
