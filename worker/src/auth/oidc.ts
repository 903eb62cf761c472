import { createRemoteJWKSet, decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { matchesGlob } from "../../../domain/glob";
import { Refusal } from "../errors/refusal";
import type { Principal } from "./principal";
import type { Issuer } from "./settings";

/** Key sets by address; jose caches the keys in them and fetches again when an unknown key turns up. */
const keySets = new Map<string, JWTVerifyGetKey>();

/**
 * The principal of a token of a trusted issuer, or why it is none.
 * @throws Refusal 503 where the issuer's keys cannot be fetched: the token may be valid
 */
export async function verifyOidc(token: string, issuers: readonly Issuer[]): Promise<Principal | string> {
  let claimed: string | undefined;
  try {
    claimed = decodeJwt(token).iss;
  } catch {
    return "the token is not a JWT";
  }
  const issuer = issuers.find(({ issuer }) => issuer === claimed);
  if (!issuer) return "the token's issuer is not configured in TFSTATE_OIDC";
  try {
    const { payload } = await jwtVerify(token, keyOf(issuer), {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      requiredClaims: ["sub", "exp"],
      clockTolerance: 5,
    });
    const subject = payload.sub ?? "";
    const rule = issuer.rules.find(({ subject: pattern }) => matchesGlob(pattern, subject));
    if (!rule) return `no rule of TFSTATE_OIDC matches the subject ${subject}`;
    // A subject is unique at its issuer only (OpenID Connect Core, section 2); an issuer's URL has no `#`.
    const id = `oidc:${issuer.issuer}#${subject}`;
    return { id, namespace: rule.namespace, scopes: rule.scopes, states: rule.states };
  } catch (error) {
    if (error instanceof errors.JOSEError) return `the token is not valid: ${error.code}`;
    throw error;
  }
}

/** The key that signed a token. Where the issuer does not hand out its keys, nobody knows whether the token is valid. */
function keyOf(issuer: Issuer): JWTVerifyGetKey {
  const address = issuer.jwks ?? `${issuer.issuer.replace(/\/$/, "")}/.well-known/jwks`;
  const keys = keySet(address);
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal({ code: "issuer_unavailable", address, reason });
    }
  };
}

function keySet(address: string): JWTVerifyGetKey {
  const known = keySets.get(address);
  if (known) return known;
  const created = createRemoteJWKSet(new URL(address), { timeoutDuration: 5000, cooldownDuration: 10_000 });
  keySets.set(address, created);
  return created;
}
