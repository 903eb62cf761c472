import { DataTerraformRemoteStateLocal } from "cdktf";
import { StateEncryption, type StateEncryptionProps } from "../../constructs/state-encryption";
import { synth } from "../support/synth";

function encryption(props?: StateEncryptionProps) {
  const { terraform, variable } = synth((stack) => {
    new StateEncryption(stack, "encryption", props);
  });
  return { ...(terraform.encryption as Record<string, unknown>), variable };
}

test("minimal: a passphrase, and nothing else is accepted", () => {
  const target = { method: "method.aes_gcm.main", enforced: true };
  expect(encryption()).toEqual({
    key_provider: { pbkdf2: { main: { passphrase: "${var.state_passphrase}", iterations: 210_000 } } },
    method: { aes_gcm: { main: { keys: "${key_provider.pbkdf2.main}" } } },
    state: target,
    plan: target,
    variable: { state_passphrase: expect.objectContaining({ sensitive: true }) },
  });
});

test("who reads the state of another stack decrypts that too", () => {
  const { terraform } = synth((stack) => {
    new StateEncryption(stack, "encryption");
    new DataTerraformRemoteStateLocal(stack, "other", { path: "other.tfstate" });
  });
  expect(terraform.encryption).toMatchObject({
    remote_state_data_sources: { default: { method: "method.aes_gcm.main" } },
  });
});

test("a rotation reads with both keys and writes with the new one", () => {
  expect(
    encryption({ key: { provider: "pbkdf2", keyId: "second" }, previousKey: { provider: "pbkdf2" } }),
  ).toMatchObject({
    key_provider: {
      pbkdf2: {
        second: { passphrase: "${var.state_passphrase}", iterations: 210_000 },
        // It derives a key that nothing is written with: the least of work.
        main: { passphrase: "${var.state_passphrase_previous}", iterations: 200_000 },
      },
    },
    state: { method: "method.aes_gcm.second", fallback: { method: "method.aes_gcm.main" }, enforced: true },
  });
});

test("a migration from plain text enforces nothing yet", () => {
  const { state, method } = encryption({ migrateFromPlaintext: true }) as Record<string, unknown>;
  expect(method).toMatchObject({ unencrypted: { migrate: {} } });
  expect(state).toEqual({
    method: "method.aes_gcm.main",
    fallback: { method: "method.unencrypted.migrate" },
  });
});

test.each<[NonNullable<StateEncryptionProps["key"]>, object]>([
  [
    { provider: "aws_kms", kmsKeyId: "alias/tofu", region: "eu-central-1" },
    { kms_key_id: "alias/tofu", region: "eu-central-1", key_spec: "AES_256" },
  ],
  [
    { provider: "gcp_kms", kmsEncryptionKey: "projects/p/k" },
    { kms_encryption_key: "projects/p/k", key_length: 32 },
  ],
  [
    { provider: "openbao", keyName: "tofu" },
    { key_name: "tofu", key_length: 32 },
  ],
])("%j", (key, expected) => {
  const { key_provider, variable } = encryption({ key }) as Record<string, Record<string, unknown>>;
  expect(key_provider?.[key.provider]).toEqual({ main: expected });
  expect(variable).toBeUndefined();
});

test("two keys of one name are refused: the state names the key by it", () => {
  expect(() => encryption({ previousKey: { provider: "pbkdf2" } })).toThrow(
    'the new key and the previous one are both called "main"; give the new one another key_id, such as "main-2"',
  );
});

test("a generated passphrase takes fewer iterations, and a plan checks that it can be one", () => {
  const { key_provider, variable } = encryption({
    key: { provider: "pbkdf2", generatedPassphrase: true },
  }) as {
    key_provider: object;
    variable: Record<string, { validation?: { condition: string }[] }>;
  };
  expect(key_provider).toMatchObject({ pbkdf2: { main: { iterations: 200_000 } } });
  expect(variable.state_passphrase?.validation).toHaveLength(1);
});

test.each<[string, StateEncryptionProps]>([
  [
    'encryption key "main": iterations 199999 is not a whole number from 200000 to 10000000',
    { key: { provider: "pbkdf2", iterations: 199_999, generatedPassphrase: true } },
  ],
  [
    'encryption key "main": iterations 10000001 is not a whole number from 200000 to 10000000',
    { key: { provider: "pbkdf2", iterations: 10_000_001 } },
  ],
  [
    'encryption key "main": iterations 209999 is too few for a passphrase that a person has chosen; give at least 210000, or use a generated one and say so (generatedPassphrase: true)',
    { key: { provider: "pbkdf2", iterations: 209_999 } },
  ],
  [
    'encryption key "old": iterations is for the key that writes; the state itself says how the previous one was derived, so leave it out',
    { previousKey: { provider: "pbkdf2", keyId: "old", iterations: 600_000 } },
  ],
  [
    'encryption key "old": generatedPassphrase is for the key that writes; the state itself says how the previous one was derived, so leave it out',
    { previousKey: { provider: "pbkdf2", keyId: "old", generatedPassphrase: true } },
  ],
])("%s", (message, props) => {
  expect(() => encryption(props)).toThrow(message);
});
