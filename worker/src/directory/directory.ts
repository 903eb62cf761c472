import { DurableObject } from "cloudflare:workers";
import type { StateRef } from "../../../domain/state-objects";
import type { CredentialCheck } from "../auth/authenticate";
import { excess, type Grant, type Principal } from "../auth/principal";
import { Throttle } from "../auth/throttle";
import { tokenPrincipal } from "../auth/token";
import type { AuditEntry } from "../sqlite/audit-chain";
import { AuditLog } from "../sqlite/audit-log";
import { migrate } from "../sqlite/migrations";
import { directorySchema } from "./schema";
import { type StateReport, type StatesSummary, StateTable } from "./state-table";
import { type TokenInfo, type TokenProps, TokenTable } from "./token-table";

/** Counters since the last flush, by metric name with its labels. */
export type Counters = Readonly<Record<string, number>>;

/** What belongs to the deployment and not to one state: tokens, the list of states, counters. */
export class Directory extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #tokens: TokenTable;
  readonly #states: StateTable;
  readonly #throttle = new Throttle();

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#tokens = new TokenTable(this.#sql);
    this.#states = new StateTable(this.#sql);
    migrate(ctx.storage, directorySchema);
  }

  async verifyToken(token: string, client: string): Promise<CredentialCheck> {
    const info = await this.#tokens.verify(token);
    if (info === null) {
      // Only now, so that who has a token is not slowed by someone who guesses at the same address.
      const retryAfter = this.#throttle.attempt(client, Date.now());
      if (retryAfter !== null) return { retryAfter };
      this.count({ tfstate_auth_failures_total: 1 });
      console.warn(JSON.stringify({ level: "warn", event: "wrong_token", client }));
      return { principal: null };
    }
    const { id, name, namespace, scopes, states } = info;
    return { principal: { id: tokenPrincipal(id), name, namespace, scopes, states } };
  }

  /** @returns the token, which is kept as a hash only; null if the one that mints it has ended meanwhile */
  async mintToken(props: TokenProps): Promise<{ readonly token: string; readonly info: TokenInfo } | null> {
    const { id, token, hash } = await this.#tokens.make();
    return this.ctx.storage.transactionSync(() => {
      const info = this.#tokens.add(id, hash, props);
      if (info === null) return null;
      this.#audit(info.namespace).append(info.createdBy, "mint_token", { ...info });
      return { token, info };
    });
  }

  /** The tokens of a namespace that may do nothing which `grant` does not cover. */
  async tokens(namespace: string, grant: Grant): Promise<TokenInfo[]> {
    return this.#tokens.list(namespace).filter((token) => excess(token, grant) === null);
  }

  /** What the tokens of a namespace are called, by their principals. */
  async tokenNames(namespace: string): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(this.#tokens.list(namespace).map(({ id, name }) => [tokenPrincipal(id), name]));
  }

  /**
   * Revokes a token of those that {@link tokens} shows to `by`, with all that were minted with it.
   * @returns their IDs, its own first; none where there is no such token
   */
  async revokeToken(by: Principal, id: string): Promise<string[]> {
    return this.ctx.storage.transactionSync(() => {
      const token = this.#tokens.list(by.namespace).find((token) => token.id === id);
      if (!token || excess(token, by) !== null) return [];
      const audit = this.#audit(by.namespace);
      return this.#tokens.remove(token).map((gone) => {
        audit.append(by.id, "revoke_token", { id: gone.id, name: gone.name, parent: gone.parent ?? null });
        return gone.id;
      });
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

  /** The parameters are those of {@link StateTable.summary}. */
  async summary(namespace: string, patterns: readonly string[]): Promise<StatesSummary> {
    return this.#states.summary(namespace, patterns);
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
