import node from "node:crypto";

/** Passwords at rest: `pbkdf2-sha256$<iterations>$<salt>$<hash>`, both in base64url. */
const form = /^pbkdf2-sha256\$(\d{1,6})\$([A-Za-z0-9_-]{16,})\$([A-Za-z0-9_-]{43})$/;
/** What the Workers runtime allows at most. */
export const maxIterations = 100_000;

const encoder = new TextEncoder();

/** Hashes a password for the configuration. */
export async function hashPassword(password: string, iterations = maxIterations): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await derive(password, salt, iterations);
  return `pbkdf2-sha256$${iterations}$${base64url(salt)}$${base64url(hash)}`;
}

/** Compares in constant time. `stored` may be a hash or, as a Worker secret, the password itself. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, iterations, salt, hash] = form.exec(stored) ?? [];
  if (iterations === undefined || salt === undefined || hash === undefined)
    return equalSecrets(password, stored);
  const derived = await derive(password, fromBase64url(salt), Math.min(Number(iterations), maxIterations));
  return equalSecrets(base64url(derived), hash);
}

/** Compares two secrets in a time that depends on neither: of their hashes, so the length does not show either. */
export async function equalSecrets(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(a), sha256(b)]);
  return node.timingSafeEqual(left, right);
}

export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
    character.charCodeAt(0),
  );
}

async function derive(password: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(password), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations },
    key,
    256,
  );
  return new Uint8Array(bits);
}
