import type { Env } from "../../../../worker/src/env";
import worker, { Directory, Passwords, StateObject as RealStateObject } from "../../../../worker/src/index";
import { Ledger } from "../../../../worker/src/state/ledger/ledger";
import type { Crowd, StoredUploads } from "../stored-uploads";

export { Directory, Passwords };

export class StateObject extends RealStateObject {
  async stored(): Promise<StoredUploads> {
    return look(this.ctx.storage.sql);
  }

  /** Begins as many uploads, which do not end; then ends them. */
  async crowd(count: number): Promise<Crowd> {
    const { sql } = this.ctx.storage;
    const ledger = new Ledger(this.ctx.storage);
    const ids = Array.from({ length: count }, () => ledger.uploads.begin());
    const stored = look(sql);
    // Begun within a millisecond, they have no order.
    for (const [at, id] of ids.entries())
      sql.exec(
        "UPDATE upload SET startedAt = ? WHERE id = ?",
        new Date(Date.UTC(2026, 0) + at).toISOString(),
        id,
      );
    const all = ids.every((id) => ledger.uploads.has(id));
    const taken = ledger.uploads.startedBefore("2026").map((id) => ids.indexOf(id));
    ledger.atomically(() => {
      for (const id of ids) ledger.uploads.end(id);
    });
    return { stored, all, taken, left: look(sql) };
  }
}

function look(sql: SqlStorage): StoredUploads {
  const settings = String([...sql.exec("SELECT json FROM settings")][0]?.json ?? "{}");
  const newest = Object.keys(JSON.parse(settings).uploads ?? {}).length;
  const older = Number([...sql.exec("SELECT count(*) AS n FROM upload")][0]?.n);
  return { settings: settings.length, newest, older };
}

/** The Worker, with `GET /uploads/{state}` and `GET /uploads/{state}?count=…`. */
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (!pathname.startsWith("/uploads/")) return worker.fetch(request, env, ctx);
    const object = env.STATE.getByName(pathname.slice("/uploads/".length)) as unknown as StateObject;
    const count = searchParams.get("count");
    return Response.json(await (count === null ? object.stored() : object.crowd(Number(count))));
  },
} satisfies ExportedHandler<Env>;
