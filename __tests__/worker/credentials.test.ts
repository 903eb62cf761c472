import { hashPassword } from "../../worker/src/auth/password";
import type { AuthEnvironment } from "../../worker/src/auth/settings";
import { configurationDefects } from "../../worker/src/configuration";

/** Credentials that could not work, or would be taken for something else, are refused when they are read, by name. */
const SECRET = "secret-of-alice";
const SALT = "c2FsdCBvZiAxNiBieXRl";
const HASH = "A".repeat(43);
const jwt = `eyJhbGciOiJSUzI1NiJ9.${SECRET}.c2ln`;

const defects = (env: AuthEnvironment) => configurationDefects({ ...env });
const owner = (password: string, name = "owner"): AuthEnvironment => ({
  TFSTATE_USERNAME: name,
  TFSTATE_PASSWORD: password,
});
const users = (...list: readonly object[]): AuthEnvironment => ({
  TFSTATE_USERS: JSON.stringify(list.map((each) => ({ namespace: "team", ...each }))),
});
const user = (more: object) => users({ name: "alice", password: SECRET, ...more });
const issuers = (...list: readonly object[]): AuthEnvironment => ({
  TFSTATE_OIDC: JSON.stringify(
    list.map((each) => ({
      audience: "tfstate",
      rules: [{ subject: "*", namespace: "team", scopes: ["read"] }],
      ...each,
    })),
  ),
});

describe("a text that begins like a hash is a hash, or a defect", () => {
  test.each([
    ["a count of seven digits", `pbkdf2-sha256$1000000$${SALT}$${HASH}`, "1000000"],
    ["more iterations than the runtime allows", `pbkdf2-sha256$600000$${SALT}$${HASH}`, "600000"],
    ["no iterations", `pbkdf2-sha256$0$${SALT}$${HASH}`, "1 to 100000"],
    ["a count with a zero in front", `pbkdf2-sha256$0100000$${SALT}$${HASH}`, "0100000"],
    ["a count that is none", `pbkdf2-sha256$1e5$${SALT}$${HASH}`, "begins like a hash"],
    ["a salt that is no base64url", `pbkdf2-sha256$1000$${"A".repeat(17)}$${HASH}`, "begins like a hash"],
    ["a hash that nothing has", `pbkdf2-sha256$1000$${SALT}$${"A".repeat(42)}B`, "begins like a hash"],
    ["a hash that is cut off", `pbkdf2-sha256$1000$${SALT}$${HASH.slice(1)}`, "begins like a hash"],
    ["a line break at its end", `pbkdf2-sha256$1000$${SALT}$${HASH}\n`, "begins like a hash"],
    ["quotes around it", `"pbkdf2-sha256$1000$${SALT}$${HASH}"`, "begins like a hash"],
    ["capital letters", `PBKDF2-SHA256$1000$${SALT}$${HASH}`, "begins like a hash"],
    ["another digest", `pbkdf2-sha512$1000$${SALT}$${HASH}`, "begins like a hash"],
    ["the form of Django", `pbkdf2_sha256$600000$salt$${HASH}=`, "begins like a hash"],
    ["the form of Werkzeug", `scrypt:32768:8:1$salt$${HASH}`, "begins like a hash"],
    ["the form of bcrypt", `$2b$12$${"a".repeat(53)}`, "begins like a hash"],
    ["the form of argon2", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "begins like a hash"],
    ["the form of crypt", "$6$salt$hash-of-a-password", "begins like a hash"],
    ["the form of LDAP", "{SSHA}aGFzaCBvZiBhIHBhc3N3b3Jk", "begins like a hash"],
  ])("%s", (_, password, says) => {
    for (const env of [owner(password), users({ name: "alice", password })]) {
      const [defect, ...others] = defects(env);
      expect(others).toEqual([]);
      expect(defect).toContain(says);
      expect(defect).toMatch(/^TFSTATE_(PASSWORD|USERS)|TFSTATE_USERNAME and TFSTATE_PASSWORD/);
      expect(defect).not.toContain(HASH.slice(1));
    }
    const [psk, ...others] = defects({ TFSTATE_PSK: password });
    expect(others).toEqual([]);
    expect(psk).toMatch(/^TFSTATE_PSK .*hash/);
  });

  test("what hash-password makes is accepted, up to the most that the runtime allows", async () => {
    for (const iterations of [1, 1000, 100_000]) {
      expect(defects(owner(await hashPassword("a password", iterations)))).toEqual([]);
    }
  });
});

describe("what can never log in is refused", () => {
  test.each<[string, AuthEnvironment, string]>([
    ["a password that is taken for a token", owner("tfs_correct horse"), "tfs_"],
    ["a user's password that is taken for a token", user({ password: "tfs_correct horse" }), "tfs_"],
    ["a password that is taken for a JWT", owner(jwt), "JWT"],
    ["a key that is taken for a token", { TFSTATE_PSK: "tfs_0123456789abcdef" }, "TFSTATE_PSK"],
    ["a key that is taken for a JWT", { TFSTATE_PSK: jwt }, "TFSTATE_PSK"],
    ["a password with a line break", owner("hunter2-hunter2\n"), "control character"],
    ["a key with a line break", { TFSTATE_PSK: "hunter2-hunter2-hunter2\n" }, "control character"],
    ["a password that is no Unicode", user({ password: `${SECRET}\ud800` }), "Unicode"],
    ["a user name with a colon", owner(SECRET, "me:too"), "colon"],
    ["another user's name with a colon", user({ name: "al:ice" }), "colon"],
    ["a user name with a blank at its end", owner(SECRET, "owner "), "blank"],
    ["a user name that looks like another", user({ name: "jose\u0301" }), "normal form"],
    ["a user name that is no Unicode", user({ name: "a\ud800" }), "Unicode"],
    ["a namespace that is no Unicode", user({ namespace: "a\ufffd" }), "Unicode"],
    [
      "two users of one name",
      users({ name: "a", password: SECRET }, { name: "a", password: "other-one" }),
      '"a"',
    ],
    ["a user with the owner's name", { ...owner("hunter2-hunter2"), ...user({ name: "owner" }) }, '"owner"'],
    [
      "users that are no list",
      { TFSTATE_USERS: JSON.stringify({ name: "alice", password: SECRET }) },
      "array",
    ],
    [
      "two entries of one issuer",
      issuers({ audience: "a" }, { audience: "b" }),
      "token.actions.githubusercontent.com",
    ],
    ["an issuer whose every signature is refused", issuers({ algorithms: [] }), "algorithms"],
    ["an issuer without TLS", issuers({ issuer: "http://issuer.example.com" }), "https"],
    ["keys without TLS", issuers({ jwks: "http://issuer.example.com/jwks" }), "https"],
    ["an issuer that is no web address", issuers({ issuer: "ftp://issuer.example.com" }), "https"],
  ])("%s", (_, env, says) => {
    const found = defects(env);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(says);
    for (const text of [SECRET, "hunter2", jwt]) expect(found[0]).not.toContain(text);
  });
});

test.each<[string, AuthEnvironment]>([
  [
    "users of one namespace",
    users(
      { name: "a", password: SECRET, namespace: "team" },
      { name: "b", password: SECRET, namespace: "team" },
    ),
  ],
  [
    "an empty namespace of the key, which is none",
    { TFSTATE_PSK: "a key of enough length", TFSTATE_PSK_NAMESPACE: "" },
  ],
  [
    "an empty user name and password beside a key",
    { ...owner("", ""), TFSTATE_PSK: "a key of enough length" },
  ],
  ["letters of all kinds", owner("pässwörd with blanks, $ and { in it", "josé@example.com")],
  [
    "an issuer on this machine",
    issuers({ issuer: "http://127.0.0.1:8080" }, { issuer: "https://gitlab.example.com" }),
  ],
])("%s can work", (_, env) => {
  expect(defects(env)).toEqual([]);
});
