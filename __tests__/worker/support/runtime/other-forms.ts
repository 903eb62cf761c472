import { DurableObject } from "cloudflare:workers";
import { directorySchema } from "../../../../worker/src/directory/schema";
import type { TokenInfo } from "../../../../worker/src/directory/token-table";
import type { Env } from "../../../../worker/src/env";
import { migrate } from "../../../../worker/src/sqlite/migrations";
import { ledgerSchema, newLedger } from "../../../../worker/src/state/ledger/schema";

/** The tables as a Worker of another time left them. */
export class StateObject extends DurableObject<Env> {
  /** As the first Worker: one version, a lock that is held and one that was broken, an upload that never ended. */
  async first(version: Readonly<Record<string, string | number>>): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec(ledgerSchema[0]);
    const insert = (table: string, row: Readonly<Record<string, string | number>>): void => {
      const columns = Object.keys(row);
      sql.exec(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`, ...Object.values(row));
    };
    insert("version", version);
    for (const [key, value] of Object.entries({
      pointer: version.id,
      projection: { version: version.id, etag: version.md5 },
      everEncrypted: true,
      keep: { versions: 7 },
      listed: true,
    }))
      insert("setting", { key, value: JSON.stringify(value) });
    const lock = {
      info: JSON.stringify({ ID: "held" }),
      request: "",
      principal: "basic:owner",
      origin: "",
      takenAt: "",
    };
    insert("lock_id", { id: "held", fate: "held", ...lock });
    insert("lock_id", { id: "broken", fate: "broken", ...lock, endedBy: "basic:owner" });
    insert("upload", { id: "lost", startedAt: "2020-01-01T00:00:00.000Z" });
  }

  /** What the scripts make of an empty database, and what a new object gets: columns and indices, by their tables. */
  async tables(isNew: boolean): Promise<readonly unknown[]> {
    const { sql } = this.ctx.storage;
    migrate(this.ctx.storage, ledgerSchema, isNew ? newLedger : undefined);
    const names = sql.exec(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '!_cf!_%' ESCAPE '!' AND name <> 'sqlite_sequence' ORDER BY name",
    );
    return [...names].map(({ name }) => ({
      name,
      columns: [...sql.exec('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', name)],
      indices: [
        ...sql.exec('SELECT "unique", origin, partial FROM pragma_index_list(?) ORDER BY origin', name),
      ],
      hasRowId: /WITHOUT ROWID/.test(
        String(sql.exec("SELECT sql FROM sqlite_master WHERE name = ?", name).one().sql),
      ),
    }));
  }

  /** As a Worker that comes later. */
  async later(): Promise<void> {
    migrate(this.ctx.storage, [...ledgerSchema, "CREATE TABLE later (a)"]);
  }
}

/** As the first Worker: tokens that note who minted them by name alone. */
export class Directory extends DurableObject<Env> {
  async first(tokens: readonly { readonly hash: string; readonly info: TokenInfo }[]): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec(directorySchema[0]);
    for (const { hash, info } of tokens)
      sql.exec("INSERT INTO token VALUES (?, ?, ?, ?)", info.id, hash, JSON.stringify(info), info.namespace);
  }
}
export class Passwords extends DurableObject<Env> {}

export default {
  async fetch(request, env) {
    const { name, form, version, tokens } = (await request.json()) as {
      readonly name: string;
      readonly form: "first" | "later" | "tables";
      readonly version: Readonly<Record<string, string | number>>;
      readonly tokens?: Parameters<Directory["first"]>[0];
    };
    if (tokens) await (env.DIRECTORY.getByName("directory") as unknown as Directory).first(tokens);
    const object = env.STATE.getByName(name) as unknown as StateObject;
    if (form === "tables") {
      const migrated = env.STATE.getByName(`${name}-migrated`) as unknown as StateObject;
      return Response.json([await object.tables(true), await migrated.tables(false)]);
    }
    if (form === "first") await object.first(version);
    else await object.later();
    return new Response("done");
  },
} satisfies ExportedHandler<Env>;
