/* A key that costs nothing: deriving one from a passphrase is most of the time that a command of OpenTofu takes. */

const KEY = Buffer.alloc(32, "not derived, and no secret either").toString("base64");
const ANSWER = [
  { magic: "OpenTofu-External-Key-Provider", version: 1 },
  { keys: { encryption_key: KEY, decryption_key: KEY }, meta: {} },
].map((line) => JSON.stringify(line));

/** Has OpenTofu ask a program for the key. @see https://opentofu.org/docs/language/state/encryption/#external-experimental */
export const QUICK_KEY_PROVIDER = { external: { quick: { command: ["printf", "%s\\n", ...ANSWER] } } };

/**
 * `TF_ENCRYPTION` for a test whose subject is not how a passphrase becomes a key: what the program encrypts stays encrypted, by the same
 * methods. With a passphrase, `e2e/state-encryption`, `state/key-rotation`, `e2e/start` and `docs/getting-started` prove it.
 */
export const QUICK_KEY = JSON.stringify({
  key_provider: QUICK_KEY_PROVIDER,
  method: { aes_gcm: { main: { keys: `\${key_provider.external.quick}` } } },
});
