import type { EncryptionConfig, KeyProviderConfig, StateConfig } from "./cluster-config";
import type { StateOverrides } from "./environment";
import type { EncryptionInput, KeyProviderInput, StateInput } from "./schema/state";

export function resolveState(state: StateInput, { backend, accountId, url }: StateOverrides): StateConfig {
  return {
    backend: backend ?? state.backend,
    bucket: state.bucket,
    key: state.key,
    lock: state.lock,
    accountId: state.account_id ?? accountId,
    jurisdiction: state.jurisdiction,
    url: url ?? state.url,
    path: state.path,
    encryption: resolveEncryption(state.encryption),
  };
}

function resolveEncryption(input: EncryptionInput): EncryptionConfig {
  if (input.provider === "off") return { provider: "off", reason: input.reason };
  return {
    ...resolveKeyProvider(input),
    ...(input.provider === "pbkdf2" && {
      iterations: input.iterations,
      generatedPassphrase: input.generated_passphrase,
    }),
    migrateFromPlaintext: input.migrate === "from-plaintext",
    previous: input.previous === undefined ? undefined : resolveKeyProvider(input.previous),
  };
}

function resolveKeyProvider(input: KeyProviderInput): KeyProviderConfig {
  const { key_id: keyId } = input;
  switch (input.provider) {
    case "pbkdf2":
      return { provider: "pbkdf2", keyId };
    case "aws_kms":
      return { provider: "aws_kms", keyId, kmsKeyId: input.kms_key_id, region: input.region };
    case "gcp_kms":
      return { provider: "gcp_kms", keyId, kmsEncryptionKey: input.kms_encryption_key };
    case "openbao":
      return { provider: "openbao", keyId, keyName: input.key_name, address: input.address };
  }
}
