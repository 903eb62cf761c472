import { DurableObject } from "cloudflare:workers";
import { tokenPrefix } from "../auth/authenticate";
import { base64url, equalSecrets, sha256, verifyPassword } from "../auth/password";
import type { Principal, Scope } from "../auth/principal";
import { authSettings } from "../auth/settings";
import type { Env } from "../env";
import type { AuditEntry } from "../state/audit-chain";
import { AuditLog } from "../state/audit-log";
import type { StateRef } from "../state/keys";
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

/** Counters since the last flush, by metric name with its labels. */
export type Counters = Readonly<Record<string, number>>;

const tables = `
  CREATE TABLE IF NOT EXISTS state (namespace TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (namespace, name));
  CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, hash TEXT NOT NULL, info TEXT NOT NULL, namespace TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value REAL NOT NULL);
  CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;
/** A hash that no password has. */
const nobody = `pbkdf2-sha256$1000$${"A".repeat(22)}$${"A".repeat(43)}`;

/** What belongs to the deployment and not to one state: tokens, the list of states, guesses, counters. */
export class Directory extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #audit: AuditLog;
  readonly #throttle = new Throttle();
  /** Passwords that were right before, by hash: their owner is not slowed by someone who guesses at the same address. */
  readonly #knownGood = new Set<string>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(tables);
    this.#audit = new AuditLog(this.#sql);
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
      this.#audit.append(info.createdBy, "mint_token", { ...minted });
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
      if (found.length > 0) this.#audit.append(by, "revoke_token", { id });
      return found.length > 0;
    });
  }

  async addState({ namespace, name }: StateRef): Promise<void> {
    this.#sql.exec("INSERT OR IGNORE INTO state VALUES (?, ?)", namespace, name);
  }

  /** States in order of name, after `after`; `namespace` null stands for all. */
  async states(namespace: string | null, after: StateRef | null, limit: number): Promise<StateRef[]> {
    const rows = this.#sql.exec(
      `SELECT namespace, name FROM state WHERE (?1 IS NULL OR namespace = ?1) AND (namespace, name) > (?2, ?3)
       ORDER BY namespace, name LIMIT ?4`,
      namespace,
      after?.namespace ?? "",
      after?.name ?? "",
      limit,
    );
    return [...rows].map((row) => ({ namespace: String(row.namespace), name: String(row.name) }));
  }

  /** Where a job that works through all states goes on next time. */
  async cursor(name: string): Promise<StateRef | null> {
    const row = this.#sql.exec("SELECT value FROM cursor WHERE name = ?", name).next();
    return row.done ? null : (JSON.parse(String(row.value.value)) as StateRef | null);
  }

  async setCursor(name: string, value: StateRef | null): Promise<void> {
    this.#sql.exec("INSERT OR REPLACE INTO cursor VALUES (?, ?)", name, JSON.stringify(value));
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

  async audit(after: number, limit: number): Promise<AuditEntry[]> {
    return this.#audit.entries(after, limit);
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
