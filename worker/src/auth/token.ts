import { base64url, sha256 } from "./password";

/** First characters of the bearer tokens that an admin mints. */
const prefix = "tfs_";

/** Whether this may be a minted token, and not a password. */
export const isMintedToken = (text: string): boolean => text.startsWith(prefix);

/** Looks like a JWT, so that a Basic password can carry one. */
export const isJwt = (text: string): boolean => /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);

/** A new token, `tfs_<id>_<256 random bits>`, with the ID that is in it. */
export function newToken(): { readonly id: string; readonly token: string } {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  const id = [...random(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, token: `${prefix}${id}_${base64url(random(32))}` };
}

/** The ID in a token; empty if there is none. */
export const tokenId = (token: string): string => token.slice(prefix.length).split("_")[0] ?? "";

/** The principal of the token with this ID. */
export const tokenPrincipal = (id: string): string => `token:${id}`;

/** The ID of the token that is this principal; null for a principal of another kind. */
export const tokenOfPrincipal = (principal: string): string | null =>
  /^token:(.*)$/s.exec(principal)?.[1] ?? null;

/** What is stored of a token. */
export const tokenHash = async (token: string): Promise<string> => base64url(await sha256(token));
