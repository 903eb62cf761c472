import { matchesGlob } from "../../../domain/glob";
import { Refusal } from "../errors/refusal";
import { clientOf } from "./client";
import { verifyOidc } from "./oidc";
import type { Principal } from "./principal";
import type { AuthSettings } from "./settings";
import { isJwt, isMintedToken } from "./token";
import { VerifiedPasswords } from "./verified-passwords";

/** The Durable Objects that check credentials: they count the guesses of all isolates, and know the tokens. */
export interface CredentialStore {
  verifyPassword(username: string, password: string, client: string): Promise<CredentialCheck>;
  /** Nobody's is a token that is unknown, expired or revoked. */
  verifyToken(token: string, client: string): Promise<CredentialCheck>;
}

/**
 * Whose password or token it is, null for nobody's; or that it was not tried: the client may guess again after some seconds, or
 * too many passwords are being checked.
 */
export type CredentialCheck =
  | { readonly principal: Principal | null }
  | { readonly retryAfter: number }
  | { readonly isBusy: true };

const unknownScheme = "the Authorization header is neither Basic nor Bearer";

/** Passwords that were verified in this isolate. */
const verified = new VerifiedPasswords();

/**
 * Finds out who asks: client certificate, bearer token, GitHub OIDC token, Basic password or pre-shared key. A token
 * may stand in the place of the Basic password, which is all that Terraform's HTTP backend can send.
 * @throws Refusal 401, 429 after too many wrong guesses, or 503 where it cannot be found out now
 */
export async function authenticate(
  request: Request,
  settings: AuthSettings,
  store: CredentialStore,
): Promise<Principal> {
  const client = clientOf(request);
  const header = request.headers.get("authorization");
  if (header === null) return fromCertificate(request, settings) ?? refuse("the request has no credentials");
  const [, scheme, value] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  if (scheme?.toLowerCase() === "bearer" && value) return fromToken(value, settings, store, client);
  if (scheme?.toLowerCase() === "basic" && value) return fromBasic(value, settings, store, client);
  return refuse(unknownScheme);
}

/** Only Cloudflare sets `request.cf`, so no header of the client can fake it. */
function fromCertificate(request: Request, { certificates }: AuthSettings): Principal | null {
  const tls = request.cf?.tlsClientAuth;
  if (typeof tls !== "object" || tls === null || certificates.length === 0) return null;
  const { certPresented, certVerified, certRevoked, certFingerprintSHA256, certSubjectDNRFC2253 } =
    tls as Record<string, string>;
  if (certPresented !== "1" || certVerified !== "SUCCESS" || certRevoked === "1") return null;
  const subject = certSubjectDNRFC2253 ?? "";
  const rule = certificates.find(
    (rule) =>
      (rule.fingerprint === undefined ||
        rule.fingerprint.toLowerCase() === certFingerprintSHA256?.toLowerCase()) &&
      (rule.subject === undefined || matchesGlob(rule.subject, subject)),
  );
  return rule
    ? { id: `mtls:${subject}`, namespace: rule.namespace, scopes: rule.scopes, states: rule.states }
    : null;
}

async function fromToken(
  token: string,
  { issuers }: AuthSettings,
  store: CredentialStore,
  client: string,
): Promise<Principal> {
  if (isMintedToken(token)) {
    // Asked each time, so that a revoked token is refused at once.
    return principalIn(await store.verifyToken(token, client), "the token is unknown, expired or revoked");
  }
  if (!isJwt(token)) return refuse("the bearer token is neither one of ours nor a JWT");
  const principal = await verifyOidc(token, issuers);
  return typeof principal === "string" ? refuse(principal) : principal;
}

async function fromBasic(
  value: string,
  settings: AuthSettings,
  store: CredentialStore,
  client: string,
): Promise<Principal> {
  // As they were sent: most requests bring what was verified before, and need not be decoded.
  const fingerprint = verified.fingerprint(value);
  const known = verified.get(fingerprint);
  if (known) return known;
  const [username, password] = decodeBasic(value) ?? refuse(unknownScheme);
  if (isMintedToken(password) || (isJwt(password) && settings.issuers.length > 0)) {
    return fromToken(password, settings, store, client);
  }
  const answer = await store.verifyPassword(username, password, client);
  const principal = principalIn(answer, "the user name or the password is wrong");
  verified.add(fingerprint, principal);
  return principal;
}

function principalIn(answer: CredentialCheck, reason: string): Principal {
  if ("isBusy" in answer) throw new Refusal({ code: "logins_busy" });
  if ("retryAfter" in answer) {
    throw new Refusal({ code: "too_many_guesses", retryAfter: answer.retryAfter });
  }
  return answer.principal ?? refuse(reason);
}

function decodeBasic(value: string): readonly [string, string] | null {
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    // Strictly: a replacement character or a missing mark would be another name or password than the one sent.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const colon = text.indexOf(":");
    return colon < 0 ? null : [text.slice(0, colon), text.slice(colon + 1)];
  } catch {
    return null;
  }
}

function refuse(reason: string): never {
  throw new Refusal({ code: "unauthorized", reason });
}
