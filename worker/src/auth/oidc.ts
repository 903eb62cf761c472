import { createRemoteJWKSet, decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { matchesGlob } from "../../../domain/glob";
import type { Principal } from "./principal";
import type { Issuer } from "./settings";

/** Key sets by address; jose caches the keys in them and fetches again when an unknown key turns up. */
const keySets = new Map<string, JWTVerifyGetKey>();

/** Looks like a JWT, so that a Basic password can carry one. */
export const isJwt = (text: string): boolean => /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);

/** The principal of a token of a trusted issuer, or why it is none. */
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
    const { payload } = await jwtVerify(token, keySet(issuer), {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      requiredClaims: ["sub", "exp"],
      clockTolerance: 5,
    });
    const subject = payload.sub ?? "";
    const rule = issuer.rules.find(({ subject: pattern }) => matchesGlob(pattern, subject));
    if (!rule) return `no rule of TFSTATE_OIDC matches the subject ${subject}`;
    return { id: `oidc:${subject}`, namespace: rule.namespace, scopes: rule.scopes, states: rule.states };
  } catch (error) {
    if (error instanceof errors.JOSEError) return `the token is not valid: ${error.code}`;
    throw error;
  }
}

function keySet({ issuer, jwks }: Issuer): JWTVerifyGetKey {
  const address = jwks ?? `${issuer.replace(/\/$/, "")}/.well-known/jwks`;
  const known = keySets.get(address);
  if (known) return known;
  const created = createRemoteJWKSet(new URL(address), { timeoutDuration: 5000, cooldownDuration: 10_000 });
  keySets.set(address, created);
  return created;
}
