import { maxStateNameBytes } from "../../../domain/state-objects";
import { maxStateBytes } from "../../../domain/worker-api";
import type { ErrorAnswers } from "./error-answer";

/** What is wrong with a request: who sends it, where it goes to, and its form. */
export const requestErrors = {
  // Never an answer that a client could take for "no state".
  unauthorized: ({ reason }: { readonly reason: string }) => ({
    status: 401,
    message: reason,
    fix: "set TF_HTTP_USERNAME and TF_HTTP_PASSWORD (a password, a token, or a GitHub OIDC token)",
  }),
  too_many_guesses: ({ retryAfter }: { readonly retryAfter: number }) => ({
    status: 429,
    message: "too many wrong passwords or tokens came from this client, from its network, or for this user",
    fix: `try again in ${retryAfter} s; where the password was right before, and for a token that is right, there is no wait`,
    retryAfter,
  }),
  logins_busy: () => ({
    status: 503,
    message: "too many passwords are being checked at this moment",
    fix: "try again in a second; nothing was changed",
    retryAfter: 1,
  }),
  issuer_unavailable: ({ address, reason }: { readonly address: string; readonly reason: string }) => ({
    status: 503,
    message: `the keys of the token's issuer cannot be fetched from ${address}: ${reason.slice(0, 200)}`,
    fix: "try again; if it stays so, correct `issuer` or `jwks` in TFSTATE_OIDC, or use another credential",
    retryAfter: 5,
  }),
  forbidden: ({ principal, lacks, mints = false }: Forbidden) => ({
    status: 403,
    message: `${principal} has no ${lacks}${mints ? ", so no token of theirs can have it" : ""}`,
    fix: mints ? "ask for less, or ask an admin who has it" : "ask an admin for a token that has it",
  }),
  cross_site: ({ reason }: { readonly reason: string }) => ({
    status: 403,
    message: reason,
    fix: "use the Worker's own page, or a client that is not a browser",
  }),
  // 421 says that this address is not served, and no client takes it for "no state". Clients show the body only of a 409.
  https_required: ({ isLock, address }: OtherAddress) => ({
    status: isLock ? 409 : 421,
    message: "this request came by plain http, where anybody on the way can read its password and its states",
    fix: `use ${address}, and change the password: it was sent in the clear`,
  }),
  moved: ({ isLock, host, address }: OtherAddress & { readonly host: string }) => ({
    status: isLock ? 409 : 421,
    message: `the states are not at ${host.slice(0, 100)} any more`,
    fix: `use ${address}: change address, lock_address and unlock_address of the backend, and run init -reconfigure`,
  }),
  not_configured: ({ defects }: { readonly defects: readonly string[] }) => ({
    status: 503,
    message: `this Worker is locked: ${defects.join("; ")}`,
    fix: "correct the configuration and deploy again; there is no default credential",
  }),

  // Never 404: a client reads that as "no state" and plans to create everything again.
  no_such_route: ({ path, basePath }: { readonly path: string; readonly basePath: string }) => ({
    status: 400,
    message: `there is nothing at ${path.slice(0, 200)}`,
    fix: `states are at ${basePath}/states/{name}; GET /openapi.json lists all routes`,
  }),
  // At a lock's address 409: of all that LOCK may be answered with, clients show only this body, see errorResponse.
  method_not_allowed: ({ method, path, allowed }: MethodNotAllowed) => ({
    status: path.endsWith("/lock") ? 409 : 405,
    message: `${method} is not possible at ${path.slice(0, 200)}`,
    fix: `use one of ${allowed.join(", ")}`,
  }),
  bad_query: ({ reason }: { readonly reason: string }) => ({
    status: 400,
    message: reason,
    fix: "see GET /openapi.json",
  }),
  bad_body: ({ reason }: { readonly reason: string }) => ({
    status: 400,
    message: reason,
    fix: "see GET /openapi.json",
  }),
  bad_state_name: ({ name }: { readonly name: string }) => ({
    status: 400,
    message: `${JSON.stringify(name.slice(0, 80))} cannot be the name of a state`,
    fix: `use 1 to ${maxStateNameBytes} bytes without slash, backslash, percent or control characters`,
  }),
  no_such_token: ({ id }: { readonly id: string }) => ({
    status: 400,
    message: `there is no token ${id}`,
    fix: "list them with GET /tokens",
  }),

  length_required: () => ({
    status: 411,
    message: "the request does not say how long its body is",
    fix: "send Content-Length; without it, an incomplete body looks like a whole one",
  }),
  body_too_large: ({ limit }: { readonly limit: number }) => ({
    status: 413,
    message: `the body has more than ${limit} bytes`,
    fix: limit === maxStateBytes ? "split the state" : "send less",
  }),
  body_incomplete: ({ length, announced }: { readonly length: number; readonly announced: number }) => ({
    status: 400,
    message: `the body has ${length} of the ${announced} bytes announced`,
    fix: "send the request again",
  }),
  md5_mismatch: ({ announced, found }: { readonly announced: string; readonly found: string }) => ({
    status: 400,
    message: `Content-MD5 is ${announced.slice(0, 64)} (hex), the body that arrived has ${found}`,
    fix: "the body was changed on the way; send it again",
  }),
  not_a_state: ({ reason }: { readonly reason: string }) => ({
    status: 400,
    message: `the body is not a Terraform or OpenTofu state: ${reason}`,
    fix:
      "nothing was stored; send a whole state file (version 4, or encrypted) with serial and lineage, " +
      "or remove the state with DELETE",
  }),

  // Never an answer that a client could take for "no state".
  storage_unavailable: () => ({
    status: 503,
    message: "the storage behind this state did not answer; the last committed version is unchanged",
    fix: "try again; the next request repairs what is unfinished",
    retryAfter: 1,
  }),
} satisfies ErrorAnswers;

interface OtherAddress {
  /** The request is to take a lock, or at the address of one. */
  readonly isLock: boolean;
  /** The one that is meant. */
  readonly address: string;
}

interface Forbidden {
  readonly principal: string;
  /** What the caller may not do, such as `write scope on "prod"`. */
  readonly lacks: string;
  /** The caller wants it for a token. */
  readonly mints?: boolean;
}

interface MethodNotAllowed {
  readonly method: string;
  readonly path: string;
  readonly allowed: readonly string[];
}
