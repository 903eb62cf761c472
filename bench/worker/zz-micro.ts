import { Miniflare } from "miniflare";
const script = `
import { createHash } from "node:crypto";
import { DurableObject } from "cloudflare:workers";
const buf = new Uint8Array(100000).fill(120);
export class D extends DurableObject {
  constructor(ctx, env) { super(ctx, env); ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT); CREATE TABLE IF NOT EXISTS s (only1 INTEGER PRIMARY KEY, json TEXT)"); }
  async run(what, n) {
    const sql = this.ctx.storage.sql;
    if (what === "tx1") for (let i = 0; i < n; i++) { this.ctx.storage.transactionSync(() => { sql.exec("INSERT INTO t (a,b,c) VALUES (?,?,?)", "a", "b", "c"); }); }
    if (what === "tx3") for (let i = 0; i < n; i++) { this.ctx.storage.transactionSync(() => { sql.exec("INSERT INTO t (a,b,c) VALUES (?,?,?)", "a", "b", "c"); sql.exec("INSERT INTO t (a,b,c) VALUES (?,?,?)", "a", "b", "c2");sql.exec("INSERT OR REPLACE INTO s VALUES (1, ?)", "x".repeat(600)); }); }
    if (what === "sql3") for (let i = 0; i < n; i++) { sql.exec("INSERT INTO t (a,b,c) VALUES (?,?,?)", "a", "b", "c"); sql.exec("INSERT INTO t (a,b,c) VALUES (?,?,?)", "a", "b", "c2");sql.exec("INSERT OR REPLACE INTO s VALUES (1, ?)", "x".repeat(600)); }
    if (what === "ret") for (let i = 0; i < n; i++) sql.exec("INSERT INTO t (a,b,c) VALUES (?,?,?) RETURNING *", "a", "b", "c").one();
    if (what === "sel") for (let i = 0; i < n; i++) sql.exec("SELECT * FROM t WHERE id = ?", 5).next();
    return 1;
  }
}
export default { async fetch(req, env) { const u = new URL(req.url); const n = Number(u.searchParams.get("n")); const what = u.searchParams.get("w");
  if (what === "sha") for (let i = 0; i < n; i++) createHash("sha256").update(buf).digest("hex");
  else if (what === "subtle") for (let i = 0; i < n; i++) await crypto.subtle.digest("SHA-256", buf);
  else if (what === "md5") for (let i = 0; i < n; i++) createHash("md5").update(buf).digest("hex");
  else if (what === "loop") { let s = 0; for (let i = 0; i < n; i++) for (let k = 0; k < buf.length; k++) { const b = buf[k]; if (b === 34 || b === 92 || b < 32) s++; } }
  else if (what !== "noop") await env.D.getByName("x").run(what, n);
  return new Response("ok"); } };`;
async function main() {
  const mf = new Miniflare({ modules: [{ type: "ESModule", path: "i.mjs", contents: script }], compatibilityDate: "2025-09-01", compatibilityFlags: ["nodejs_compat"], durableObjects: { D: { className: "D", useSQLite: true } } });
  const url = (await mf.ready).origin;
  for (const w of ["noop", "sha", "subtle", "md5", "loop", "tx1", "tx3", "sql3", "ret", "sel"]) { const n = 300; await (await fetch(`${url}/?w=${w}&n=${n}`)).text(); const t = performance.now(); await (await fetch(`${url}/?w=${w}&n=${n}`)).text(); console.log(w, ((performance.now() - t) / n).toFixed(4), "ms each"); }
  await mf.dispose(); process.exit(0);
}
main();
