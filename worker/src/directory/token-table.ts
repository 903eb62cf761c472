import type { WorkerScope } from "../../../domain/tfstate-worker";
import { equalSecrets } from "../auth/password";
import { newToken, tokenHash, tokenId } from "../auth/token";

/** A bearer token as an admin sees it; the secret is shown once, when it is minted. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly scopes: readonly WorkerScope[];
  readonly states: readonly string[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string;
}

/** The bearer tokens of all namespaces. Only a hash of each is stored. */
export class TokenTable {
  constructor(private readonly sql: SqlStorage) {}

  /** The token with this secret; null where it is unknown, expired or revoked. */
  async verify(token: string): Promise<TokenInfo | null> {
    const row = this.sql.exec("SELECT hash, info FROM token WHERE id = ?", tokenId(token)).next();
    // An unknown token takes the comparison of a known one.
    const isRight = await equalSecrets(await tokenHash(token), row.done ? "" : String(row.value.hash));
    if (row.done || !isRight) return null;
    const info = JSON.parse(String(row.value.info)) as TokenInfo;
    return Date.parse(info.expiresAt) > Date.now() ? info : null;
  }

  /** A new token, which {@link add} stores. */
  async make(
    props: Omit<TokenInfo, "id" | "createdAt">,
  ): Promise<{ readonly token: string; readonly hash: string; readonly info: TokenInfo }> {
    const { id, token } = newToken();
    const info = { ...props, id, createdAt: new Date().toISOString() };
    return { token, hash: await tokenHash(token), info };
  }

  add({ id, namespace, ...rest }: TokenInfo, hash: string): void {
    const info = JSON.stringify({ id, namespace, ...rest });
    this.sql.exec("INSERT INTO token VALUES (?, ?, ?, ?)", id, hash, info, namespace);
  }

  list(namespace: string): TokenInfo[] {
    const rows = this.sql.exec("SELECT info FROM token WHERE namespace = ? ORDER BY id", namespace);
    return [...rows].map((row) => JSON.parse(String(row.info)) as TokenInfo);
  }

  /** @returns false where there is no such token */
  remove(namespace: string, id: string): boolean {
    const removed = this.sql.exec(
      "DELETE FROM token WHERE id = ? AND namespace = ? RETURNING id",
      id,
      namespace,
    );
    return removed.toArray().length > 0;
  }
}
