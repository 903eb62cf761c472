import node from "node:crypto";

/** Passwords at rest: `pbkdf2-sha256$<iterations>$<salt>$<hash>`, both in base64url. */
const form = /^pbkdf2-sha256\$(\d+)\$([A-Za-z0-9_-]{16,})\$([A-Za-z0-9_-]{43})$/;
/** What the Workers runtime allows at most. */
export const maxIterations = 100_000;
/** How hashes of this and of other programs begin. A text like that is never taken for a password. */
const hashLike =
  /^[\s"']*((pbkdf2|bcrypt|scrypt|argon2)[\w-]*[$:]|\$(1|2[abxy]?|5|6|7|y|argon2\w*|scrypt|pbkdf2[\w-]*)\$|\{(S?SHA|S?MD5|CRYPT|PBKDF2)[\w-]*\})/i;

export const looksLikeHash = (text: string): boolean => hashLike.test(text);

/** A hash as it is configured. */
interface PasswordHash {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: string;
}

const encoder = new TextEncoder();

/** Hashes a password for the configuration. */
export async function hashPassword(password: string, iterations = maxIterations): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hash = await derive(password, salt, iterations);
  return `pbkdf2-sha256$${iterations}$${base64url(salt)}$${base64url(hash)}`;
}

/** Why a text that looks like a hash is none that this Worker can use; null for such a hash, and for a password. */
export function hashDefect(stored: string): string | null {
  if (!looksLikeHash(stored)) return null;
  const [, iterations, salt, hash] = form.exec(stored) ?? [];
  if (iterations === undefined || !isCanonical(salt) || !isCanonical(hash)) {
    return "begins like a hash, but is not pbkdf2-sha256$<iterations>$<salt>$<hash> as `npm run worker:admin -- hash-password` prints it";
  }
  if (/^[1-9]\d*$/.test(iterations) && Number(iterations) <= maxIterations) return null;
  return `is a hash with ${iterations.slice(0, 20)} iterations, and the Workers runtime allows 1 to ${maxIterations}; make it with \`npm run worker:admin -- hash-password\``;
}

/** Iterations that a check against `stored` takes; none for a password that is stored as it is. */
export const iterationsOf = (stored: string): number => parse(stored)?.iterations ?? 0;

/**
 * Compares in constant time. `stored` may be a hash or, as a Worker secret, the password itself.
 * @param cost iterations that every check is to take, so that its time does not tell which password it was
 */
export async function verifyPassword(password: string, stored: string, cost = 0): Promise<boolean> {
  const hash = parse(stored);
  const isRight = hash
    ? await equalSecrets(base64url(await derive(password, hash.salt, hash.iterations)), hash.hash)
    : await equalSecrets(password, stored);
  const rest = cost - (hash?.iterations ?? 0);
  if (rest > 0) await derive(password, new Uint8Array(16), rest);
  return isRight;
}

function parse(stored: string): PasswordHash | null {
  const [, iterations, salt, hash] = form.exec(stored) ?? [];
  if (iterations === undefined || salt === undefined || hash === undefined) return null;
  return { iterations: Number(iterations), salt: fromBase64url(salt), hash };
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

/** Whether these are the characters that the bytes have, and no others that decode to the same. */
function isCanonical(text: string | undefined): boolean {
  return text !== undefined && text.length % 4 !== 1 && base64url(fromBase64url(text)) === text;
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
