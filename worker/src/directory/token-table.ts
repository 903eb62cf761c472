import { equalSecrets } from "../auth/password";
import type { Grant } from "../auth/principal";
import { newToken, tokenHash, tokenId, tokenOfPrincipal, tokenPrincipal } from "../auth/token";

/** A bearer token as an admin sees it; the secret is shown once, when it is minted. */
export interface TokenInfo extends Grant {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** The token that minted this one; null if none did, undefined if an earlier Worker did not note it. */
  readonly parent?: string | null;
  readonly expiresAt: string;
}

/** A new token, as it is asked for. */
export type TokenProps = Omit<TokenInfo, "id" | "createdAt" | "parent">;

/** The bearer tokens of all namespaces. Only a hash of each is stored. */
export class TokenTable {
  constructor(private readonly sql: SqlStorage) {}

  /** The token with this secret; null if it is unknown, expired or revoked. */
  async verify(token: string): Promise<TokenInfo | null> {
    const row = this.sql.exec("SELECT hash, info FROM token WHERE id = ?", tokenId(token)).next();
    // An unknown token takes the comparison of a known one.
    const isRight = await equalSecrets(await tokenHash(token), row.done ? "" : String(row.value.hash));
    if (row.done || !isRight) return null;
    const info = JSON.parse(String(row.value.info)) as TokenInfo;
    return Date.parse(info.expiresAt) > Date.now() ? info : null;
  }

  /** A new token, which {@link add} stores. */
  async make(): Promise<{ readonly id: string; readonly token: string; readonly hash: string }> {
    const { id, token } = newToken();
    return { id, token, hash: await tokenHash(token) };
  }

  /** Stores a token, which ends at the latest with the one that minted it. @returns null if that one has ended */
  add(id: string, hash: string, props: TokenProps): TokenInfo | null {
    const now = new Date().toISOString();
    const parent = tokenOfPrincipal(props.createdBy);
    const last = parent === null ? props.expiresAt : (this.#find(parent)?.expiresAt ?? "");
    if (last <= now) return null;
    const [expiresAt = last] = [last, props.expiresAt].sort();
    const info: TokenInfo = { ...props, id, createdAt: now, parent, expiresAt };
    this.sql.exec("INSERT INTO token VALUES (?, ?, ?, ?)", id, hash, JSON.stringify(info), info.namespace);
    return info;
  }

  list(namespace: string): TokenInfo[] {
    const rows = this.sql.exec("SELECT info FROM token WHERE namespace = ? ORDER BY id", namespace);
    return [...rows].map((row) => JSON.parse(String(row.info)) as TokenInfo);
  }

  /** Removes a token with those that it minted, and those that they did. @returns them all, itself first */
  remove(token: TokenInfo): TokenInfo[] {
    const all = this.list(token.namespace);
    const family = [token];
    for (const parent of family)
      family.push(...all.filter((child) => isChild(child, parent) && !family.includes(child)));
    for (const { id } of family) this.sql.exec("DELETE FROM token WHERE id = ?", id);
    return family;
  }

  #find(id: string): TokenInfo | null {
    const row = this.sql.exec("SELECT info FROM token WHERE id = ?", id).next();
    return row.done ? null : (JSON.parse(String(row.value.info)) as TokenInfo);
  }
}

/** An earlier Worker noted who minted a token by name; two of its tokens with one name cannot be told apart. */
function isChild(child: TokenInfo, parent: TokenInfo): boolean {
  const areOfEarlierWorker = child.parent === undefined && parent.parent === undefined;
  return areOfEarlierWorker ? child.createdBy === tokenPrincipal(parent.name) : child.parent === parent.id;
}
