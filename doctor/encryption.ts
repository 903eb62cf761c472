import type { EncryptionConfig, KeyProviderConfig } from "../config";
import { ITERATIONS } from "../domain/key-derivation";

const METHOD = "aes_gcm";

/** A program that has nothing but the keys of a state, to read it with. */
export function encryptionOf(encryption: EncryptionConfig): object {
  if (encryption.provider === "off") return {};
  const { previous } = encryption;
  const keys = previous ? [encryption, previous] : [encryption];
  const providers: Record<string, Record<string, object>> = {};
  const methods: Record<string, object> = {};
  keys.forEach((key, index) => {
    const variable = index === 0 ? "state_passphrase" : "state_passphrase_previous";
    providers[key.provider] = { ...providers[key.provider], [key.keyId]: settingsOf(key, variable) };
    methods[key.keyId] = { keys: `\${key_provider.${key.provider}.${key.keyId}}` };
  });
  const reference = ({ keyId }: KeyProviderConfig) => `method.${METHOD}.${keyId}`;
  const state = {
    method: reference(encryption),
    ...(previous && { fallback: { method: reference(previous) } }),
  };
  return {
    variable: Object.fromEntries(
      ["state_passphrase", "state_passphrase_previous"].map((name) => [
        name,
        { type: "string", sensitive: true, default: "" },
      ]),
    ),
    terraform: { encryption: { key_provider: providers, method: { [METHOD]: methods }, state } },
  };
}

function settingsOf(key: KeyProviderConfig, variable: string): object {
  switch (key.provider) {
    case "pbkdf2":
      // The state itself says how its key was derived, and nothing is written here: the least will do.
      return { passphrase: `\${var.${variable}}`, iterations: ITERATIONS.min };
    case "aws_kms":
      return { kms_key_id: key.kmsKeyId, region: key.region, key_spec: "AES_256" };
    case "gcp_kms":
      return { kms_encryption_key: key.kmsEncryptionKey, key_length: 32 };
    case "openbao":
      return { key_name: key.keyName, key_length: 32, ...(key.address && { address: key.address }) };
  }
}
