import { DurableObject } from "cloudflare:workers";
import type { StateRef } from "../../../domain/state-objects";
import type { Principal } from "../auth/principal";
import type { AuditEntry } from "../sqlite/audit-chain";
import { AuditLog } from "../sqlite/audit-log";
import { migrate } from "../sqlite/migrations";
import { directorySchema } from "./schema";
import { type StateReport, type StatesSummary, StateTable } from "./state-table";
import { type TokenInfo, TokenTable } from "./token-table";

/** Counters since the last flush, by metric name with its labels. */
export type Counters = Readonly<Record<string, number>>;

/** What belongs to the deployment and not to one state: tokens, the list of states, counters. */
export class Directory extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #tokens: TokenTable;
  readonly #states: StateTable;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#tokens = new TokenTable(this.#sql);
    this.#states = new StateTable(this.#sql);
    migrate(ctx.storage, directorySchema);
  }

  async verifyToken(token: string, client: string): Promise<Principal | null> {
    const info = await this.#tokens.verify(token);
    if (info === null) {
      this.count({ tfstate_auth_failures_total: 1 });
      console.warn(JSON.stringify({ level: "warn", event: "wrong_token", client }));
      return null;
    }
    return { id: `token:${info.name}`, namespace: info.namespace, scopes: info.scopes, states: info.states };
  }

  /** @returns the token, which is kept as a hash only */
  async mintToken(
    props: Omit<TokenInfo, "id" | "createdAt">,
  ): Promise<{ readonly token: string; readonly info: TokenInfo }> {
    const { token, hash, info } = await this.#tokens.make(props);
    this.ctx.storage.transactionSync(() => {
      this.#tokens.add(info, hash);
      this.#audit(info.namespace).append(info.createdBy, "mint_token", { ...info });
    });
    return { token, info };
  }

  async tokens(namespace: string): Promise<TokenInfo[]> {
    return this.#tokens.list(namespace);
  }

  /** @returns false where there is no such token */
  async revokeToken(namespace: string, id: string, by: string): Promise<boolean> {
    return this.ctx.storage.transactionSync(() => {
      const isRemoved = this.#tokens.remove(namespace, id);
      if (isRemoved) this.#audit(namespace).append(by, "revoke_token", { id });
      return isRemoved;
    });
  }

  /** Stores what the Durable Object of a state reports. */
  async report(ref: StateRef, report: StateReport): Promise<void> {
    this.#states.report(ref, report);
  }

  /** Notes states that were found in the bucket. */
  async addStates(found: readonly StateRef[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const ref of found) this.#states.add(ref);
    });
  }

  /** One page of states; the parameters are those of {@link StateTable.list}. */
  async states(
    namespace: string | null,
    patterns: readonly string[],
    after: StateRef | null,
    limit: number,
  ): Promise<StateRef[]> {
    return this.#states.list(namespace, patterns, after, limit);
  }

  async summary(namespace: string): Promise<StatesSummary> {
    return this.#states.summary(namespace);
  }

  /** Where a job that works through many things goes on next time. */
  async cursor(name: string): Promise<string | null> {
    const row = this.#sql.exec("SELECT value FROM cursor WHERE name = ?", name).next();
    return row.done || row.value.value === "" ? null : String(row.value.value);
  }

  async setCursor(name: string, value: string | null): Promise<void> {
    this.#sql.exec("INSERT OR REPLACE INTO cursor VALUES (?, ?)", name, value ?? "");
  }

  count(counters: Counters): void {
    for (const [name, value] of Object.entries(counters)) {
      this.#sql.exec(
        "INSERT INTO counter VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2",
        name,
        value,
      );
    }
  }

  async counters(): Promise<Counters> {
    const rows = [...this.#sql.exec("SELECT name, value FROM counter ORDER BY name")];
    return Object.fromEntries(rows.map((row) => [String(row.name), Number(row.value)]));
  }

  async audit(namespace: string, after: number, limit: number): Promise<AuditEntry[]> {
    return this.#audit(namespace).entries(after, limit);
  }

  /** Each namespace has a chain, so that its admins can verify it and see nothing of the others. */
  #audit(namespace: string): AuditLog {
    return new AuditLog(this.#sql, namespace);
  }
}
