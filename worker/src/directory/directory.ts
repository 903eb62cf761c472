import { DurableObject } from "cloudflare:workers";
import { tokenPrefix } from "../auth/authenticate";
import { base64url, equalSecrets, sha256, verifyPassword } from "../auth/password";
import { matches, type Principal, type Scope } from "../auth/principal";
import { authSettings } from "../auth/settings";
import type { Env } from "../env";
import type { AuditEntry } from "../state/audit-chain";
import { AuditLog, chainedAuditTable, firstAuditTable } from "../state/audit-log";
import type { StateRef } from "../state/keys";
import type { Report } from "../state/records";
import { migrate } from "../state/schema";
import { Throttle } from "./throttle";

/** A bearer token as an admin sees it; the secret is shown once, when it is minted. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly scopes: readonly Scope[];
  readonly states: readonly string[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string;
}

/** What the metrics say of the states of a namespace. */
export interface StatesSummary {
  readonly states: number;
  readonly locks: number;
  readonly oldestLock: string | null;
  readonly conflicts: number;
}

/** Counters since the last flush, by metric name with its labels. */
export type Counters = Readonly<Record<string, number>>;

/** One script for each form that the tables had. What was deployed is never edited: a change is one more script. */
const schema = [
  `CREATE TABLE IF NOT EXISTS state (namespace TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (namespace, name));
  CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, hash TEXT NOT NULL, info TEXT NOT NULL, namespace TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value REAL NOT NULL);
  CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  ${firstAuditTable}`,
  `ALTER TABLE state ADD COLUMN lockedSince TEXT;
  ALTER TABLE state ADD COLUMN conflict INTEGER NOT NULL DEFAULT 0;
  DELETE FROM cursor;
  ${chainedAuditTable}`,
] as const;
const maxKnownGood = 1000;
/** A hash that no password has. */
const nobody = `pbkdf2-sha256$1000$${"A".repeat(22)}$${"A".repeat(43)}`;

/** What belongs to the deployment and not to one state: tokens, the list of states, guesses, counters. */
export class Directory extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #throttle = new Throttle();
  /** Passwords that were right before, by hash: their owner is not slowed by someone who guesses at the same address. */
  readonly #knownGood = new Set<string>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    migrate(ctx.storage, schema);
  }

  /** Runs here and not in the Worker: a Durable Object has the CPU time for PBKDF2, and sees all guesses of a client. */
  async verifyPassword(
    username: string,
    password: string,
    client: string,
  ): Promise<{ readonly principal: Principal | null } | { readonly retryAfter: number }> {
    const fingerprint = base64url(await sha256(JSON.stringify([username, password])));
    if (!this.#knownGood.has(fingerprint)) {
      const retryAfter = this.#throttle.attempt(client, Date.now());
      if (retryAfter !== null) return { retryAfter };
    }
    const principal = await this.#checkPassword(username, password);
    if (principal) {
      // Under a pre-shared key any user name is right, so there is no end of them.
      if (this.#knownGood.size >= maxKnownGood) this.#knownGood.clear();
      this.#knownGood.add(fingerprint);
      this.#throttle.succeeded(client);
    } else {
      this.#knownGood.delete(fingerprint);
      this.count({ tfstate_auth_failures_total: 1 });
      console.warn(JSON.stringify({ level: "warn", event: "wrong_password", client }));
    }
    return { principal };
  }

  async verifyToken(token: string, client: string): Promise<Principal | null> {
    const id = token.slice(tokenPrefix.length).split("_")[0] ?? "";
    const row = this.#sql.exec("SELECT hash, info FROM token WHERE id = ?", id).next();
    const stored = row.done ? "" : String(row.value.hash);
    const valid = await equalSecrets(base64url(await sha256(token)), stored);
    const info = row.done ? null : (JSON.parse(String(row.value.info)) as TokenInfo);
    if (!valid || info === null || Date.parse(info.expiresAt) <= Date.now()) {
      this.count({ tfstate_auth_failures_total: 1 });
      console.warn(JSON.stringify({ level: "warn", event: "wrong_token", client }));
      return null;
    }
    return { id: `token:${info.name}`, namespace: info.namespace, scopes: info.scopes, states: info.states };
  }

  /** @returns the token, which is kept as a hash only */
  async mintToken(
    info: Omit<TokenInfo, "id" | "createdAt">,
  ): Promise<{ readonly token: string; readonly info: TokenInfo }> {
    const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
    const id = [...random(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const token = `${tokenPrefix}${id}_${base64url(random(32))}`;
    const minted = { ...info, id, createdAt: new Date().toISOString() };
    const hash = base64url(await sha256(token));
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec(
        "INSERT INTO token VALUES (?, ?, ?, ?)",
        id,
        hash,
        JSON.stringify(minted),
        info.namespace,
      );
      this.#audit(info.namespace).append(info.createdBy, "mint_token", { ...minted });
    });
    return { token, info: minted };
  }

  async tokens(namespace: string): Promise<TokenInfo[]> {
    const rows = this.#sql.exec("SELECT info FROM token WHERE namespace = ? ORDER BY id", namespace);
    return [...rows].map((row) => JSON.parse(String(row.info)) as TokenInfo);
  }

  /** @returns false where there is no such token */
  async revokeToken(namespace: string, id: string, by: string): Promise<boolean> {
    return this.ctx.storage.transactionSync(() => {
      const found = this.#sql
        .exec("DELETE FROM token WHERE id = ? AND namespace = ? RETURNING id", id, namespace)
        .toArray();
      if (found.length > 0) this.#audit(namespace).append(by, "revoke_token", { id });
      return found.length > 0;
    });
  }

  /** Notes a state, and what its owner says of it. */
  async report({ namespace, name }: StateRef, { lockedSince, conflict }: Report): Promise<void> {
    this.#sql.exec(
      "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)",
      namespace,
      name,
      lockedSince,
      conflict ? 1 : 0,
    );
  }

  /** Notes states that were found in the bucket; those that are known already stay as they are. */
  async addStates(found: readonly StateRef[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const { namespace, name } of found)
        this.#sql.exec("INSERT OR IGNORE INTO state (namespace, name) VALUES (?, ?)", namespace, name);
    });
  }

  /**
   * States in order of name, after `after`.
   * @param namespace null stands for all
   * @param patterns names that count, with `*`
   */
  async states(
    namespace: string | null,
    patterns: readonly string[],
    after: StateRef | null,
    limit: number,
  ): Promise<StateRef[]> {
    const rows = this.#sql.exec(
      `SELECT namespace, name FROM state WHERE (?1 IS NULL OR namespace = ?1) AND (namespace, name) > (?2, ?3)
       ORDER BY namespace, name`,
      namespace,
      after?.namespace ?? "",
      after?.name ?? "",
    );
    const page: StateRef[] = [];
    for (const row of rows) {
      const ref = { namespace: String(row.namespace), name: String(row.name) };
      if (patterns.some((glob) => matches(glob, ref.name)) && page.push(ref) === limit) break;
    }
    return page;
  }

  /** Of all states of a namespace, as their owners last reported. */
  async summary(namespace: string): Promise<StatesSummary> {
    const row = this.#sql
      .exec(
        `SELECT count(*) AS states, count(lockedSince) AS locks, min(lockedSince) AS oldestLock, total(conflict) AS conflicts
         FROM state WHERE namespace = ?`,
        namespace,
      )
      .one();
    return {
      states: Number(row.states),
      locks: Number(row.locks),
      oldestLock: row.oldestLock === null ? null : String(row.oldestLock),
      conflicts: Number(row.conflicts),
    };
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

  async #checkPassword(username: string, password: string): Promise<Principal | null> {
    const { users, psk } = authSettings(this.env);
    const user = users.find(({ name }) => name === username);
    // An unknown user costs what a known one costs, so that the time does not tell who exists.
    const right = await verifyPassword(password, user?.password ?? users[0]?.password ?? nobody);
    if (user && right) {
      const { name, namespace = name, scopes, states } = user;
      return { id: `basic:${name}`, namespace, scopes, states };
    }
    if (psk && (await equalSecrets(password, psk.secret))) {
      return {
        id: "psk",
        namespace: psk.namespace,
        scopes: ["read", "write", "lock", "admin"],
        states: ["*"],
      };
    }
    return null;
  }
}
