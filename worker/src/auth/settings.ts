import { z } from "zod";
import { GLOB } from "../../../domain/glob";
import { FINGERPRINT, WORKER_SCOPES } from "../../../domain/tfstate-worker";
import { isLoopback } from "../loopback";
import { oncePerEnvironment } from "../once-per-environment";
import { Namespace, Password, PresharedKey, UserName } from "./credential-text";

const Scopes = z.array(z.enum(WORKER_SCOPES)).min(1);
/** A pattern, with `*`. */
const Glob = z.string().regex(GLOB.regex, GLOB.advice);
const States = z.array(Glob).min(1).default(["*"]);
const everything = [...WORKER_SCOPES];
/** Keys that came without TLS could be anybody's. */
const SecureUrl = z
  .url()
  .refine(
    (text) =>
      URL.canParse(text) && (/^https:/i.test(text) || (/^http:/i.test(text) && isLoopback(new URL(text)))),
    "must begin with https:// (http:// only on this machine)",
  );

/** One entry of TFSTATE_USERS. */
const User = z.strictObject({
  name: UserName,
  /** The password, or `pbkdf2-sha256$<iterations>$<salt>$<hash>`. */
  password: Password.min(8),
  /** @default for the owner, the user's name */
  namespace: Namespace.optional(),
  scopes: Scopes.default(["read", "write", "lock"]),
  states: States,
});
/** With a default, who was to share a team's states would look elsewhere, find none there, and create everything again. */
const FurtherUser = User.refine(({ namespace }) => namespace !== undefined, {
  path: ["namespace"],
  error:
    'is missing: name the one whose states the user shares, or the user\'s own, as in {"name":"a","namespace":"a"}',
});

/** One entry of TFSTATE_OIDC: an issuer, and what its subjects may do. The first rule that matches counts. */
const Issuer = z.strictObject({
  issuer: SecureUrl.regex(/^[^?#]*$/, "must have no query and no fragment").default(
    "https://token.actions.githubusercontent.com",
  ),
  audience: z.string().min(1),
  /** @default the issuer's `/.well-known/jwks` */
  jwks: SecureUrl.optional(),
  algorithms: z
    .array(z.enum(["RS256", "ES256", "PS256", "EdDSA"]))
    .min(1)
    .default(["RS256"]),
  rules: z
    .array(z.strictObject({ subject: Glob, namespace: Namespace, scopes: Scopes, states: States }))
    .min(1),
});

/** One entry of TFSTATE_MTLS: a client certificate that Cloudflare verified, by fingerprint or subject. */
const Certificate = z
  .strictObject({
    /** SHA-256 of the certificate, hex without colons. */
    fingerprint: z.string().regex(FINGERPRINT.regex, FINGERPRINT.advice).optional(),
    /** Pattern of the subject DN (RFC 2253). */
    subject: Glob.optional(),
    namespace: Namespace,
    scopes: Scopes,
    states: States,
  })
  .refine((rule) => rule.fingerprint ?? rule.subject, "needs a fingerprint or a subject");

export type User = z.infer<typeof User>;
export type Issuer = z.infer<typeof Issuer>;
export type Certificate = z.infer<typeof Certificate>;

/** Variables of the Worker that say who may come in. With none of them, nobody may. An empty one counts as not set. */
export interface AuthEnvironment {
  /** The owner: every scope on every state of the namespace of the same name. */
  readonly TFSTATE_USERNAME?: string;
  /** The owner's password, or its hash as `npm run worker:admin -- hash-password` prints it. */
  readonly TFSTATE_PASSWORD?: string;
  /** Further users: a JSON list of `User`. */
  readonly TFSTATE_USERS?: string;
  /** One pre-shared key as the Basic password of any user name. */
  readonly TFSTATE_PSK?: string;
  /** Namespace of the pre-shared key. @default "default" where it is the only credential, else it has to be set */
  readonly TFSTATE_PSK_NAMESPACE?: string;
  /** Trusted OIDC issuers: a JSON list of `Issuer`. */
  readonly TFSTATE_OIDC?: string;
  /** Accepted client certificates: a JSON list of `Certificate`. */
  readonly TFSTATE_MTLS?: string;
}

export interface AuthSettings {
  readonly users: readonly User[];
  readonly psk: { readonly secret: string; readonly namespace: string } | null;
  readonly issuers: readonly Issuer[];
  readonly certificates: readonly Certificate[];
  /** What is wrong with the variables; then every request is refused. */
  readonly defects: readonly string[];
}

/** The credentials that the environment names. There is no default: where there is none, `defects` says so. */
export const authSettings = oncePerEnvironment((env: AuthEnvironment): AuthSettings => {
  const defects: string[] = [];
  const list = <T extends z.ZodType>(
    name: "TFSTATE_USERS" | "TFSTATE_OIDC" | "TFSTATE_MTLS",
    item: T,
  ): z.infer<T>[] => {
    const text = env[name];
    if (!text) return [];
    try {
      return z.array(item).parse(JSON.parse(text));
    } catch (error) {
      // A JSON error quotes its input, which may be a password.
      const why = error instanceof z.ZodError ? z.prettifyError(error) : "it is not JSON";
      defects.push(`${name} is not usable: ${why}`);
      return [];
    }
  };
  const users = list("TFSTATE_USERS", FurtherUser);
  if (env.TFSTATE_USERNAME || env.TFSTATE_PASSWORD) {
    const owner = { name: env.TFSTATE_USERNAME, password: env.TFSTATE_PASSWORD, scopes: everything };
    const parsed = User.extend({ password: Password.min(1) }).safeParse(owner);
    if (parsed.success) users.unshift(parsed.data);
    else
      defects.push(`TFSTATE_USERNAME and TFSTATE_PASSWORD are not usable: ${z.prettifyError(parsed.error)}`);
  }
  const issuers = list("TFSTATE_OIDC", Issuer);
  const certificates = list("TFSTATE_MTLS", Certificate);
  // Only the first entry of a name would ever count.
  for (const name of repeated(users.map(({ name }) => name)))
    defects.push(
      `TFSTATE_USERS and TFSTATE_USERNAME name ${JSON.stringify(name)} twice; give each user one entry`,
    );
  for (const issuer of repeated(issuers.map(({ issuer }) => issuer)))
    defects.push(`TFSTATE_OIDC has two entries for ${issuer}; put their rules into one`);
  const namespace = Namespace.safeParse(env.TFSTATE_PSK_NAMESPACE || "default");
  if (!namespace.success)
    defects.push(`TFSTATE_PSK_NAMESPACE is not usable: ${z.prettifyError(namespace.error)}`);
  const secret = env.TFSTATE_PSK ? PresharedKey.safeParse(env.TFSTATE_PSK) : undefined;
  if (secret?.error) defects.push(`TFSTATE_PSK is not usable: ${z.prettifyError(secret.error)}`);
  const psk = secret?.data && namespace.data ? { secret: secret.data, namespace: namespace.data } : null;
  if (psk && !env.TFSTATE_PSK_NAMESPACE && users.length + issuers.length + certificates.length > 0)
    defects.push(
      "TFSTATE_PSK_NAMESPACE is not set, and others than the holders of TFSTATE_PSK may come in; " +
        'name the namespace that they share, or "default", which it was without that',
    );
  if (users.length + issuers.length + certificates.length === 0 && !psk && defects.length === 0) {
    defects.push(
      "no credential is configured; set TFSTATE_USERNAME and TFSTATE_PASSWORD, or one of TFSTATE_USERS, TFSTATE_PSK, TFSTATE_OIDC, TFSTATE_MTLS",
    );
  }
  return { users, psk, issuers, certificates, defects };
});

const repeated = (names: readonly string[]): Set<string> =>
  new Set(names.filter((name, at) => names.indexOf(name) !== at));
